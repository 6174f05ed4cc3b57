import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, ValidateBy } from 'class-validator';
import type { Violation } from '../../common/errors/app-error.js';
import type { RawJson } from '../../common/http/body/raw-json.js';
import type { CrossFieldValidation } from '../../common/http/validation/cross-field-validation.js';
import { IsKey, OptionalIntegerIn } from '../../common/http/validation/rules.js';
import { ValidatedBy, Verbatim } from '../../common/http/validation/field-validator.js';
import { reserveViolations } from '../reserved-tokens.js';
import { MAX_TTL_SECONDS } from '../time-to-live.js';
import {
  MetadataValidator,
  PolicyValidator,
  RATIO_RULE,
  TokenBudgetValidator,
} from '../settings-validators.js';
import type { BodyExamples } from '../../common/http/validation/validated-params.decorators.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';

/** A policy as a caller writes it; `PolicyValidator` has its rules. */
export const NEW_POLICY = {
  title: 'NewPolicy',
  type: 'object',
  required: ['strategy'],
  additionalProperties: false,
  properties: {
    strategy: {
      type: 'string',
      example: 'last_n',
      description:
        '`last_n`, `budget`, `manual`, `strip_tool_results`, `skip_parts`, `time_window`, or a strategy of your own',
    },
    config: {
      type: 'object',
      additionalProperties: true,
      example: { limit: 200 },
      description: 'Settings of the strategy; see docs/api.md',
    },
    trigger_ratio: {
      type: 'number',
      description: 'Used if the body has no `trigger_ratio` at the top level',
    },
  },
  description: 'How windows are selected; `last_n` with a `limit` of 200 in a new conversation',
} as const;

@SchemaTitle('ConversationSettings')
export class PutConversationDto implements CrossFieldValidation {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000,
    description:
      'Maximum number of tokens in a window; required for a new conversation. The upper limit is configurable.',
    example: 1_000_000,
  })
  @OptionalIntegerIn(1, Infinity)
  @ValidatedBy(TokenBudgetValidator)
  token_budget?: number;

  @ApiPropertyOptional({
    exclusiveMinimum: true,
    minimum: 0,
    maximum: 1,
    // No `default` in the schema: an update keeps the value, and generated clients would require the field.
    description:
      'A window has `needs_compaction` when its snapshot exceeds this ratio of the budget; 0.7 in a new conversation',
  })
  @IsOptional()
  @ValidateBy({
    name: 'isRatio',
    validator: {
      validate: (value) => typeof value === 'number' && value > 0 && value <= 1,
      defaultMessage: () => RATIO_RULE,
    },
  })
  trigger_ratio?: number;

  @ApiProperty({ ...NEW_POLICY, selfRequired: false } as object)
  @Verbatim(PolicyValidator)
  policy?: RawJson;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'At most 64 KiB as JSON; replaced as a whole',
  })
  @Verbatim(MetadataValidator)
  metadata?: RawJson;

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 255,
    description:
      'Selects how tokens are counted. It can be replaced, but not removed: null counts as absent. Events that are stored keep their count.',
    example: 'claude-opus-5',
  })
  @IsOptional()
  @IsKey()
  model?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description:
      'Tokens of the budget that windows leave free, for system prompt, tools and answer: less than `token_budget`; 0 in a new conversation',
  })
  @OptionalIntegerIn(0)
  reserve_tokens?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: MAX_TTL_SECONDS,
    description:
      'Erases the conversation so many seconds after its last change, at most some minutes later; 0 for never. Never in a new conversation',
  })
  @OptionalIntegerIn(0, MAX_TTL_SECONDS)
  ttl_seconds?: number;

  crossFieldViolations(): Violation[] {
    return reserveViolations({ tokenBudget: this.token_budget, reserveTokens: this.reserve_tokens });
  }
}

export const SETTINGS_EXAMPLES: BodyExamples = {
  create: {
    summary: 'A new conversation',
    value: {
      token_budget: 1_000_000,
      trigger_ratio: 0.7,
      policy: { strategy: 'last_n', config: { limit: 200 } },
      metadata: { user: 'u-1' },
    },
  },
  model: {
    summary: 'The model of a conversation, and the tokens that its windows leave free',
    value: { token_budget: 200_000, model: 'claude-opus-5', reserve_tokens: 20_000 },
  },
  ttl: {
    summary: 'Erase the conversation 30 days after its last change',
    value: { token_budget: 200_000, ttl_seconds: 2_592_000 },
  },
  policy: {
    summary: 'Another window policy for an existing conversation',
    value: { policy: { strategy: 'skip_parts', config: { kinds: ['reasoning'] } } },
  },
};
