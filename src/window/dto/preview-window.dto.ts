import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import type { Violation } from '../../common/errors/app-error.js';
import type { RawJson } from '../../common/http/body/raw-json.js';
import { Nested, ValidatedBy, Verbatim } from '../../common/http/validation/field-validator.js';
import type { CrossFieldValidation } from '../../common/http/validation/cross-field-validation.js';
import { IsKey, OptionalIntegerIn } from '../../common/http/validation/rules.js';
import type { BodyExamples } from '../../common/http/validation/validated-params.decorators.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';
import { newCompaction, RangeCompactionDto } from '../../compaction/dto/compact.dto.js';
import { NEW_POLICY } from '../../conversations/dto/put-conversation.dto.js';
import { reserveViolations } from '../../conversations/reserved-tokens.js';
import { PolicyValidator, TokenBudgetValidator } from '../../conversations/settings-validators.js';
import type { WindowPreview } from '../window-options.js';

/** Settings and a compaction to try out; what is absent is as it is stored. */
@SchemaTitle('WindowPreview')
export class PreviewWindowDto implements CrossFieldValidation {
  @ApiProperty({ ...NEW_POLICY, selfRequired: false } as object)
  @Verbatim(PolicyValidator)
  policy?: RawJson;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000,
    description: 'Maximum number of tokens in the window. The upper limit is configurable.',
  })
  @OptionalIntegerIn(1, Infinity)
  @ValidatedBy(TokenBudgetValidator)
  token_budget?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'Tokens of the budget that the window leaves free: less than `token_budget`',
  })
  @OptionalIntegerIn(0)
  reserve_tokens?: number;

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 255,
    description:
      'Selects how the replacement is counted, and the token factor. Stored events keep their count.',
  })
  @IsOptional()
  @IsKey()
  model?: string;

  @ApiPropertyOptional({
    type: RangeCompactionDto,
    description: 'Replaces a range, and the active compactions in it, in this window only',
  })
  @Nested(RangeCompactionDto)
  compaction?: RangeCompactionDto;

  crossFieldViolations(): Violation[] {
    return reserveViolations({ tokenBudget: this.token_budget, reserveTokens: this.reserve_tokens });
  }
}

export function windowPreview(dto: PreviewWindowDto): WindowPreview {
  const { policy, token_budget: tokenBudget, reserve_tokens: reserveTokens, model, compaction } = dto;
  return {
    policy,
    tokenBudget,
    reserveTokens,
    model,
    compaction: compaction && newCompaction(compaction),
  };
}

export const PREVIEW_EXAMPLES: BodyExamples = {
  policy: {
    summary: 'Another policy',
    value: { policy: { strategy: 'skip_parts', config: { kinds: ['reasoning'] } } },
  },
  compaction: {
    summary: 'A smaller budget, and a summary in place of the first event',
    value: {
      token_budget: 32_000,
      compaction: {
        from_seq: 1,
        to_seq: 1,
        replacement: [{ role: 'system', content: 'The user asked how to deploy Fastpaca.' }],
      },
    },
  },
};
