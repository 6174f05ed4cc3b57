import { FORMATS, type Format } from '@fastpaca/messages';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import type { Violation } from '../../common/errors/app-error.js';
import type { CrossFieldValidation } from '../../common/http/validation/cross-field-validation.js';
import { OptionalIntegerIn, OptionalOneOf } from '../../common/http/validation/rules.js';
import { cacheViolations } from '../prompt.js';
import type { ReadBodyOptions } from '../window-options.js';

export class ReadWindowDto implements CrossFieldValidation {
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

  @ApiPropertyOptional({
    example: true,
    description:
      'Prepare the prompt for the prompt cache of the provider: `cache_control` with `anthropic`, `prompt_cache_key` with ' +
      '`openai-chat` and `openai-responses`; default `false`',
  })
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  cache?: boolean;

  @ApiPropertyOptional({
    example: true,
    description: 'Add `explain`: why each event of the log is in the window or not; default `false`',
  })
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  explain?: boolean;

  crossFieldViolations(): Violation[] {
    return cacheViolations(this.format, this.cache);
  }
}

export function windowOptions(dto: ReadWindowDto): ReadBodyOptions {
  const { budget_tokens: budgetTokens, if_version: ifVersion, at_version: atVersion } = dto;
  const { format, cache, explain } = dto;
  return { budgetTokens, ifVersion, atVersion, format, cache, explain };
}
