import type { Compaction, Summary } from '../compaction/compaction.js';
import type { SeqRange } from '../events/stored-event.js';
import { isToolResultMessage } from '../policies/tool-results.js';
import type { Segment } from './window.js';
import { summaryMessages, type WindowMessage } from './window-message.js';

/** A compaction with its replacement messages. */
export interface LoadedSummary {
  compaction: Compaction;
  summary: Summary;
}

/**
 * The segments of a window, ascending: one per summary, and one per live range that has messages. A live segment that
 * does not begin at seq 1 loses the tool results at its start, because the calls that they answer are not there.
 *
 * @param liveRanges the live ranges of the log, ascending: messages of two ranges never share a segment
 * @param liveMessages the messages of live events, ascending
 */
export function assemble(
  summaries: readonly LoadedSummary[],
  liveRanges: readonly SeqRange[],
  liveMessages: readonly WindowMessage[],
): Segment[] {
  const live = splitByRange(liveRanges, liveMessages)
    .map(withoutOrphanedResults)
    .filter((messages) => messages.length > 0);
  return [...summaries.map(summarySegment), ...live.map(liveSegment)].sort((a, b) => a.fromSeq - b.fromSeq);
}

/** The messages of each range; empty for a range without messages. */
function splitByRange(ranges: readonly SeqRange[], messages: readonly WindowMessage[]): WindowMessage[][] {
  let next = 0;
  return ranges.map(({ toSeq }) => {
    const start = next;
    while ((messages[next]?.seq ?? Infinity) <= toSeq) next += 1;
    return messages.slice(start, next);
  });
}

function withoutOrphanedResults(messages: WindowMessage[]): WindowMessage[] {
  if (messages[0]?.seq === 1) return messages;
  const start = messages.findIndex((message) => !isToolResultMessage(message));
  return start === -1 ? [] : messages.slice(start);
}

function liveSegment(messages: WindowMessage[]): Segment {
  return { type: 'live', fromSeq: messages[0]?.seq ?? 0, toSeq: messages.at(-1)?.seq ?? 0, messages };
}

function summarySegment({ compaction, summary }: LoadedSummary): Segment {
  const { fromSeq, toSeq } = compaction;
  return { type: 'summary', fromSeq, toSeq, messages: summaryMessages(compaction, summary) };
}
