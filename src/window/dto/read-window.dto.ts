import { FORMATS, type Format } from '@fastpaca/messages';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { OptionalIntegerIn, OptionalOneOf } from '../../common/http/validation/rules.js';

export class ReadWindowDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    example: 1_000_000,
    description: 'Narrows the budget for this call; never widens it',
  })
  @OptionalIntegerIn(1, Infinity)
  budget_tokens?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Respond only if the conversation is at this version; otherwise 409',
  })
  @OptionalIntegerIn(0)
  if_version?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description:
      'The window as it was at this version, under the settings of now: a version that the conversation has had',
  })
  @OptionalIntegerIn(0)
  at_version?: number;

  @ApiPropertyOptional({
    enum: FORMATS,
    example: 'openai-chat',
    description: 'Answer with `prompt`, ready for the call of a provider, in the place of `messages`',
  })
  @OptionalOneOf(FORMATS)
  format?: Format;
}

export function windowOptions({ budget_tokens, if_version, at_version, format }: ReadWindowDto): {
  budgetTokens?: number | undefined;
  ifVersion?: number | undefined;
  atVersion?: number | undefined;
  format?: Format | undefined;
} {
  return { budgetTokens: budget_tokens, ifVersion: if_version, atVersion: at_version, format };
}
