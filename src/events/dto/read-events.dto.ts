import { ApiPropertyOptional } from '@nestjs/swagger';
import { OptionalIntegerIn } from '../../common/http/rules.js';

/** Longest a reader may wait for more, in milliseconds: below the patience of most proxies. */
const MAX_WAIT_MS = 55_000;

export class ReadEventsDto {
  @ApiPropertyOptional({
    type: 'integer',
    description: 'First seq, inclusive; negative counts from the end: -100 is the last 100',
  })
  @OptionalIntegerIn()
  from_seq?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, description: 'Last seq, inclusive' })
  @OptionalIntegerIn(1)
  to_seq?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'Read what comes after this seq; not beside a range',
  })
  @OptionalIntegerIn(0)
  cursor?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    description:
      'Most events of the page; more than 1000 is taken as 1000. Without it 1000 for a range, else 100.',
  })
  @OptionalIntegerIn(1)
  limit?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: MAX_WAIT_MS,
    description:
      'With a cursor at the end of the log: answer as soon as there is more, or with an empty page after so long',
  })
  @OptionalIntegerIn(0, MAX_WAIT_MS)
  wait_ms?: number;
}
