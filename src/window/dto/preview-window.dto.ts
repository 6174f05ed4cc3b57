import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { RawJson } from '../../common/http/body/raw-json.js';
import { Nested, ValidatedBy, Verbatim } from '../../common/http/validation/field-validator.js';
import { OptionalIntegerIn } from '../../common/http/validation/rules.js';
import type { BodyExamples } from '../../common/http/validation/validated-params.decorators.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';
import { RangeCompactionDto } from '../../compaction/dto/compact.dto.js';
import { NEW_POLICY } from '../../conversations/dto/put-conversation.dto.js';
import { PolicyValidator, TokenBudgetValidator } from '../../conversations/settings-validators.js';

/** Settings and a compaction to try out; what is absent is as it is stored. */
@SchemaTitle('WindowPreview')
export class PreviewWindowDto {
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
    type: RangeCompactionDto,
    description: 'Replaces a range, and the active compactions in it, in this window only',
  })
  @Nested(RangeCompactionDto)
  compaction?: RangeCompactionDto;
}

export const PREVIEW_EXAMPLES: BodyExamples = {
  policy: {
    summary: 'Another policy',
    value: { policy: { strategy: 'skip_parts', config: { kinds: ['reasoning'] } } },
  },
  compaction: {
    summary: 'A smaller budget, and a summary in place of the first event',
    value: {
      token_budget: 8000,
      compaction: {
        from_seq: 1,
        to_seq: 1,
        replacement: [{ role: 'system', content: 'The user asked how to deploy Fastpaca.' }],
      },
    },
  },
};
