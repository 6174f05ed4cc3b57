import { ApiProperty } from '@nestjs/swagger';
import { WINDOW_MESSAGE } from '../../events/dto/event.schema.js';
import { SchemaTitle } from '../../common/openapi/schema-title.decorator.js';

@SchemaTitle('Segment')
class SegmentDto {
  @ApiProperty({ enum: ['summary', 'live'] })
  type!: 'summary' | 'live';

  @ApiProperty({ type: 'integer' })
  from_seq!: number;

  @ApiProperty({ type: 'integer' })
  to_seq!: number;
}

@SchemaTitle('Window')
export class WindowDto {
  @ApiProperty({ type: 'integer', example: 1 })
  version!: number;

  @ApiProperty({ type: 'array', items: WINDOW_MESSAGE } as object)
  messages!: unknown[];

  @ApiProperty({ type: 'integer', description: 'Sum over the messages, in tokens', example: 10 })
  used_tokens!: number;

  @ApiProperty({
    description:
      'Whether the snapshot, before the budget cut, has more tokens than `trigger_ratio` × `budget_tokens`',
  })
  needs_compaction!: boolean;

  @ApiProperty({ type: [SegmentDto], description: 'The ranges of the window, ascending' })
  segments!: SegmentDto[];

  @ApiProperty({
    type: 'integer',
    description: "The effective budget: the least of the conversation's, the policy's and the call's",
  })
  budget_tokens!: number;
}
