import { ApiProperty } from '@nestjs/swagger';
import { WINDOW_MESSAGE } from '../../events/dto/event.schema.js';
import type { Window } from '../ready-window.js';

class SegmentDto {
  @ApiProperty({ enum: ['summary', 'live'] })
  type!: 'summary' | 'live';

  @ApiProperty({ type: 'integer' })
  from_seq!: number;

  @ApiProperty({ type: 'integer' })
  to_seq!: number;
}

export class WindowDto {
  @ApiProperty({ type: 'integer', example: 1 })
  version!: number;

  @ApiProperty({ type: 'array', items: WINDOW_MESSAGE } as object)
  messages!: unknown[];

  @ApiProperty({ type: 'integer', description: 'Sum over the messages, in tokens', example: 10 })
  used_tokens!: number;

  @ApiProperty({ description: 'The snapshot, before any cut, is over `trigger_ratio` of the budget' })
  needs_compaction!: boolean;

  @ApiProperty({ type: [SegmentDto], description: 'The runs of the window, ascending' })
  segments!: SegmentDto[];

  @ApiProperty({
    type: 'integer',
    description: "The budget in force: the least of the conversation's, the policy's and the call's",
  })
  budget_tokens!: number;
}

/** `WindowDto` as JSON text, each message as it was sent. */
export function windowJson({ version, segments, usedTokens, needsCompaction, budgetTokens }: Window): string {
  const messages = segments.flatMap((segment) => segment.messages.map(({ json }) => json));
  const runs = segments.map(
    ({ type, fromSeq, toSeq }) => `{"type":"${type}","from_seq":${fromSeq},"to_seq":${toSeq}}`,
  );
  return (
    `{"version":${version},"messages":[${messages.join(',')}],"used_tokens":${usedTokens},` +
    `"needs_compaction":${needsCompaction},"segments":[${runs.join(',')}],"budget_tokens":${budgetTokens}}`
  );
}
