import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { OptionalIntegerIn } from '../../common/http/validation/rules.js';
import type { BodyExamples } from '../../common/http/validation/validated-params.decorators.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';
import { REPLACEMENT } from '../../events/dto/event.schema.js';
import type { CompactionPage, ListedCompaction } from '../compaction.js';

export class ListCompactionsDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'List the compactions before this version. Default: from the newest on',
  })
  @OptionalIntegerIn(1)
  cursor?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    example: 100,
    description: 'Maximum number of compactions; values over 1000 count as 1000. Default: 100.',
  })
  @OptionalIntegerIn(1, Infinity)
  limit?: number;
}

@SchemaTitle('Compaction')
export class CompactionDto {
  @ApiProperty({ type: 'integer', description: 'The version that it gave the conversation' })
  version!: number;

  @ApiProperty({ type: 'integer', description: 'First seq of the range' })
  from_seq!: number;

  @ApiProperty({ type: 'integer', description: 'Last seq of the range' })
  to_seq!: number;

  @ApiProperty({ description: 'Whether windows have it now' })
  active!: boolean;

  @ApiPropertyOptional({ enum: [true], description: 'It is a withdrawal; otherwise absent' })
  withdrawn?: true;

  @ApiPropertyOptional({ type: 'integer', description: 'The version of the compaction that replaced it' })
  replaced_at_version?: number;

  @ApiPropertyOptional({ type: 'integer', description: 'The version that undid it' })
  undone_at_version?: number;

  @ApiProperty({ type: 'integer', description: 'Tokens of the messages' })
  token_estimate!: number;

  @ApiProperty({ type: 'string', format: 'date-time' })
  inserted_at!: string;

  @ApiProperty({
    ...REPLACEMENT,
    items: { type: 'object', additionalProperties: true },
    description: 'The messages that the model sees instead; empty for a withdrawal',
  })
  replacement!: unknown[];
}

@SchemaTitle('CompactionPage')
export class CompactionPageDto {
  @ApiProperty({ type: [CompactionDto], description: 'Newest first' })
  compactions!: CompactionDto[];

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Cursor of the next page; null if there is none',
  })
  next_cursor!: number | null;
}

/** `CompactionPageDto` as JSON text; the messages keep the text that was sent. */
export function compactionPageJson({ compactions, nextCursor }: CompactionPage): string {
  return `{"compactions":[${compactions.map(compactionJson).join(',')}],"next_cursor":${nextCursor}}`;
}

function compactionJson({ replacement, ...compaction }: ListedCompaction & { replacement: string }): string {
  const { version, fromSeq, toSeq, withdrawn, replacedAt, undoneAt } = compaction;
  const fields: Omit<CompactionDto, 'replacement'> = {
    version,
    from_seq: fromSeq,
    to_seq: toSeq,
    active: replacedAt === null && undoneAt === null,
    ...(withdrawn && { withdrawn }),
    ...(replacedAt !== null && { replaced_at_version: replacedAt }),
    ...(undoneAt !== null && { undone_at_version: undoneAt }),
    token_estimate: compaction.tokenEstimate,
    inserted_at: compaction.insertedAt.toISOString(),
  };
  return `${JSON.stringify(fields).slice(0, -1)},"replacement":${replacement}}`;
}

@SchemaTitle('Undo')
export class UndoDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Undo only if the conversation is at this version',
  })
  @OptionalIntegerIn(0)
  if_version?: number;
}

export const UNDO_EXAMPLES: BodyExamples = {
  undo: { summary: 'At any version of the conversation', value: {} },
};

@SchemaTitle('Undone')
export class UndoneDto {
  @ApiProperty({
    type: 'integer',
    description: 'The version that the undo gave the conversation',
    example: 85,
  })
  version!: number;
}
