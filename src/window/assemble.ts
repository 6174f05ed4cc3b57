import type { SeqRange } from '../events/stored-event.js';
import type { Segment } from './window.js';
import type { WindowMessage } from './window-message.js';

/**
 * The segments of a window, ascending: one per summary, and one per live range that has messages.
 *
 * @param messages the messages of summaries and of live events, in the order of the window
 * @param liveRanges the live ranges of the log, ascending: messages of two ranges never share a segment
 */
export function segmentsOf(messages: readonly WindowMessage[], liveRanges: readonly SeqRange[]): Segment[] {
  const segments: (Segment & { messages: WindowMessage[]; range: SeqRange | undefined })[] = [];
  let next = 0;
  for (const message of messages) {
    const { summarizedRange, seq } = message;
    while ((liveRanges[next]?.toSeq ?? Infinity) < seq) next += 1;
    const range = summarizedRange ?? liveRanges[next];
    const last = segments.at(-1);
    if (last?.range === range && last) {
      last.messages.push(message);
      if (last.type === 'live') last.toSeq = seq;
    } else {
      const { fromSeq, toSeq } = summarizedRange ?? { fromSeq: seq, toSeq: seq };
      segments.push({
        type: summarizedRange ? 'summary' : 'live',
        fromSeq,
        toSeq,
        messages: [message],
        range,
      });
    }
  }
  return segments.map(({ range: _, ...segment }) => segment);
}

/** Merges the messages of summaries and of live events, both ascending, in the order of their seqs. */
export function inOrder(
  summaries: readonly WindowMessage[],
  live: readonly WindowMessage[],
): WindowMessage[] {
  return summaries.length === 0 ? [...live] : [...summaries, ...live].sort((a, b) => a.seq - b.seq);
}
