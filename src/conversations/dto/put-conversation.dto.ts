import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, ValidateBy } from 'class-validator';
import type { RawJson } from '../../common/http/body/raw-json.js';
import { OptionalIntegerIn } from '../../common/http/validation/rules.js';
import { ValidatedBy, Verbatim } from '../../common/http/validation/field-validator.js';
import {
  MetadataValidator,
  PolicyValidator,
  RATIO_RULE,
  TokenBudgetValidator,
} from '../settings-validators.js';
import type { BodyExamples } from '../../common/http/validation/validated-params.decorators.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';

@SchemaTitle('ConversationSettings')
export class PutConversationDto {
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

  @ApiProperty({
    title: 'NewPolicy',
    selfRequired: false,
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
      trigger_ratio: { type: 'number', description: 'Used if there is none at the top level' },
    },
    description: 'Default in a new conversation: `last_n` with a `limit` of 200',
  })
  @Verbatim(PolicyValidator)
  policy?: RawJson;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'At most 64 KiB as JSON; replaced as a whole',
  })
  @Verbatim(MetadataValidator)
  metadata?: RawJson;
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
  policy: {
    summary: 'Another window policy for an existing conversation',
    value: { policy: { strategy: 'skip_parts', config: { kinds: ['reasoning'] } } },
  },
};
