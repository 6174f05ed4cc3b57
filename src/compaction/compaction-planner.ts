import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import type { Conversation } from '../conversations/conversation.js';
import type { Executor } from '../database/database.js';
import { EventsService } from '../events/events.service.js';
import type { SeqRange } from '../events/stored-event.js';
import type { Compaction, CompactionWarning } from './compaction.js';
import { RangeGapError, RangeOverlapError } from './compaction.errors.js';
import { CompactionRepository } from './compaction.repository.js';
import { isSameRange, wholeRange } from './whole-range.js';

/** The range that a caller gives. */
export interface RequestedRange {
  fromSeq: number;
  /** Undefined for the end of the log. */
  toSeq?: number | undefined;
  snap?: boolean | undefined;
}

/** What a compaction replaces. */
export interface CompactionPlan {
  range: SeqRange;
  warnings: CompactionWarning[];
  /** The active compactions, ascending. */
  active: Compaction[];
  /** The active compactions in the range. */
  replaced: Compaction[];
}

/** Decides which range a compaction replaces, and which active compactions with it. */
@Injectable()
export class CompactionPlanner {
  constructor(
    private readonly compactions: CompactionRepository,
    private readonly events: EventsService,
  ) {}

  /**
   * @param conversation its log and its compactions are those of its version
   * @param prefix path of the compaction in the request, with a dot at its end
   * @throws InvalidPayloadError (400) the range is reversed
   * @throws RangeGapError (400) the range reaches outside the log
   * @throws RangeOverlapError (400) the range cuts through an active compaction
   */
  async plan(
    executor: Executor,
    id: ConversationId,
    conversation: Pick<Conversation, 'version' | 'lastSeq' | 'withdrawnVersion'>,
    { snap, ...ends }: RequestedRange,
    prefix = '',
  ): Promise<CompactionPlan> {
    const { version, lastSeq } = conversation;
    const requested = validRange(ends, lastSeq, prefix);
    const active = await this.compactions.activeAt(id, version, executor);
    compactionsWithin(requested, active, prefix); // throws if the range cuts through one
    const log = { fromSeq: 1, toSeq: lastSeq };
    const withdrawn = await this.events.withdrawn(id, conversation, log, executor);
    const whole = await wholeRange(requested, { lastSeq, active, withdrawn }, (ranges) =>
      this.events.outlinesOfRanges(executor, id, ranges),
    );
    const range = snap ? whole : requested;
    const warnings = isSameRange(range, whole) ? [] : [{ code: 'splits_group' as const, ...whole }];
    return { range, warnings, active, replaced: compactionsWithin(range, active, prefix) };
  }
}

function validRange({ fromSeq, toSeq }: RequestedRange, lastSeq: number, prefix: string): SeqRange {
  if (fromSeq < 1 || (toSeq === undefined && fromSeq > lastSeq))
    throw new RangeGapError('from_seq', lastSeq, prefix);
  if (toSeq === undefined) return { fromSeq, toSeq: lastSeq };
  if (toSeq > lastSeq) throw new RangeGapError('to_seq', lastSeq, prefix);
  if (toSeq < fromSeq)
    throw new InvalidPayloadError([{ path: `${prefix}to_seq`, message: 'must not be before from_seq' }]);
  return { fromSeq, toSeq };
}

/**
 * The active compactions inside a range.
 *
 * @throws RangeOverlapError (400) if one of them is only partly inside
 */
function compactionsWithin(
  { fromSeq, toSeq }: SeqRange,
  active: readonly Compaction[],
  prefix: string,
): Compaction[] {
  const overlapping = active.filter((each) => each.fromSeq <= toSeq && each.toSeq >= fromSeq);
  const partlyInside = overlapping.find((each) => each.fromSeq < fromSeq || each.toSeq > toSeq);
  if (partlyInside) throw new RangeOverlapError(partlyInside, prefix);
  return overlapping;
}
