import type { TokenEstimator } from '@fastpaca/server/tokens';
import { Injectable } from '@nestjs/common';
import { Settings } from './settings.js';

/** Estimates tokens by the length of the text, for models without a public tokenizer. */
@Injectable()
export class CharacterEstimator implements TokenEstimator {
  constructor(private readonly settings: Settings) {}

  count(text: string): number {
    return Math.ceil(text.length / this.settings.charactersPerToken);
  }
}
