import { ApiPropertyOptional } from '@nestjs/swagger';
import type { Violation } from '../../common/errors/app-error.js';
import type { CrossFieldValidation } from '../../common/http/validation/cross-field-validation.js';
import { OptionalIntegerIn, OptionalOneOf } from '../../common/http/validation/rules.js';

const WITHDRAWN_EVENTS = ['include', 'exclude'];

export class ReadEventsDto implements CrossFieldValidation {
  @ApiPropertyOptional({
    type: 'integer',
    maximum: Number.MAX_SAFE_INTEGER,
    example: 1,
    description:
      'First seq, inclusive; a negative value counts from the end: -100 selects the last 100 events',
  })
  @OptionalIntegerIn(-Infinity)
  from_seq?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    example: 100,
    description: 'Last seq, inclusive',
  })
  @OptionalIntegerIn(1)
  to_seq?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Read the events after this seq; cannot be combined with `from_seq` or `to_seq`',
  })
  @OptionalIntegerIn(0)
  cursor?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    example: 100,
    description:
      'Maximum number of events; values over 1000 count as 1000. Default: 1000 for a range, otherwise 100.',
  })
  @OptionalIntegerIn(1, Infinity)
  limit?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description:
      'With a cursor at the end of the log: wait up to this many milliseconds for an event, then respond with an ' +
      'empty page; values over 55,000 count as 55,000',
  })
  @OptionalIntegerIn(0, Infinity)
  wait_ms?: number;

  @ApiPropertyOptional({
    enum: WITHDRAWN_EVENTS,
    description:
      '`exclude` leaves out withdrawn events; other events take their place up to the `limit`. Default: they have `withdrawn_at_version`.',
  })
  @OptionalOneOf(WITHDRAWN_EVENTS)
  withdrawn?: 'include' | 'exclude';

  crossFieldViolations(): Violation[] {
    const { from_seq: fromSeq, to_seq: toSeq, cursor, wait_ms: waitMs } = this;
    const violations: Violation[] = [];
    if (cursor !== undefined && (fromSeq !== undefined || toSeq !== undefined))
      violations.push({ path: 'cursor', message: 'cannot be combined with from_seq or to_seq' });
    if (cursor === undefined && waitMs !== undefined)
      violations.push({ path: 'wait_ms', message: 'requires a cursor' });
    if (fromSeq !== undefined && toSeq !== undefined && fromSeq > toSeq)
      violations.push({ path: 'to_seq', message: 'must not be before from_seq' });
    return violations;
  }
}
