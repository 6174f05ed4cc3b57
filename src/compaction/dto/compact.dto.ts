import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsDefined, IsOptional } from 'class-validator';
import type { RawJson } from '../../common/http/body/raw-json.js';
import { IsIntegerIn, OptionalIntegerIn } from '../../common/http/validation/rules.js';
import { Verbatim } from '../../common/http/validation/field-validator.js';
import { NEW_EVENT, REPLACEMENT } from '../../events/dto/event.schema.js';
import { ReplacementValidator } from '../../events/event-validator.js';
import type { BodyExamples } from '../../common/http/validation/validated-params.decorators.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';
import type { Compacted, CompactionWarning } from '../compaction.js';
import type { RangeCompaction } from '../compaction.service.js';

/** A range and what replaces it. */
@SchemaTitle('RangeCompaction')
export class RangeCompactionDto {
  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'First seq of the range, inclusive',
    example: 1,
  })
  @IsIntegerIn()
  from_seq!: number;

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Last seq of the range, inclusive',
    example: 1,
  })
  @IsIntegerIn()
  to_seq!: number;

  @ApiProperty({
    ...REPLACEMENT,
    items: NEW_EVENT,
    description: 'The messages that the model sees instead. Without any, the events are withdrawn',
  } as object)
  @IsDefined({ message: 'is required' })
  @Verbatim(ReplacementValidator)
  replacement!: RawJson;

  @ApiPropertyOptional({
    description:
      'If the range cuts through a group, replaces the nearest larger range that does not; default `false`',
  })
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  snap?: boolean;
}

@SchemaTitle('NewCompaction')
export class CompactDto extends RangeCompactionDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Compact only if the conversation is at this version',
  })
  @OptionalIntegerIn(0)
  if_version?: number;
}

export function newCompaction({ from_seq, to_seq, replacement, snap }: RangeCompactionDto): RangeCompaction {
  return { fromSeq: from_seq, toSeq: to_seq, replacement: replacement.elements(), snap };
}

export const COMPACTION_EXAMPLES: BodyExamples = {
  summary: {
    summary: 'A summary in place of the first event',
    value: {
      from_seq: 1,
      to_seq: 1,
      replacement: [
        { role: 'system', parts: [{ type: 'text', text: 'The user asked how to deploy Fastpaca.' }] },
      ],
    },
  },
};

@SchemaTitle('CompactionWarning')
export class CompactionWarningDto {
  @ApiProperty({
    enum: ['splits_group'],
    description:
      'The range cuts through a group: `from_seq` … `to_seq` is the nearest larger range that does not',
  })
  code!: CompactionWarning['code'];

  @ApiProperty({ type: 'integer' })
  from_seq!: number;

  @ApiProperty({ type: 'integer' })
  to_seq!: number;
}

@SchemaTitle('Compacted')
export class CompactedDto {
  @ApiProperty({
    type: 'integer',
    description: 'The version that this compaction gave the conversation',
    example: 84,
  })
  version!: number;

  @ApiProperty({ type: 'integer', description: 'First seq of the range that was replaced', example: 1 })
  from_seq!: number;

  @ApiProperty({ type: 'integer', description: 'Last seq of the range that was replaced', example: 1 })
  to_seq!: number;

  @ApiPropertyOptional({ type: [CompactionWarningDto], description: 'Absent without warnings' })
  warnings?: CompactionWarningDto[];
}

export function compactedDto({ version, fromSeq, toSeq, warnings }: Compacted): CompactedDto {
  const dto: CompactedDto = { version, from_seq: fromSeq, to_seq: toSeq };
  if (warnings.length) dto.warnings = warnings.map(warningDto);
  return dto;
}

export function warningDto({ code, fromSeq, toSeq }: CompactionWarning): CompactionWarningDto {
  return { code, from_seq: fromSeq, to_seq: toSeq };
}
