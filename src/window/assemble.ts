import type { SeqRange } from '../events/stored-event.js';
import type { Segment } from './window.js';
import type { WindowMessage } from './window-message.js';

/**
 * The segments of a window, ascending: one per summary, and one per run of events of the log. A run ends at a compaction, and
 * between pinned events and the newest events if others were left out between them.
 *
 * @param messages in the order of the window
 * @param compacted the ranges of the active compactions, ascending
 * @param run from the first to the last of the newest events; other events of the log are pinned
 */
export function segmentsOf(
  messages: readonly WindowMessage[],
  compacted: readonly SeqRange[],
  run: SeqRange,
): Segment[] {
  const segments: (Segment & { messages: WindowMessage[]; range: SeqRange | undefined })[] = [];
  let next = 0;
  const continues = (previousSeq: number, seq: number) => {
    if (seq <= previousSeq + 1) return true;
    while ((compacted[next]?.toSeq ?? Infinity) <= previousSeq) next += 1;
    return previousSeq >= run.fromSeq && seq <= run.toSeq && (compacted[next]?.fromSeq ?? Infinity) >= seq;
  };
  for (const message of messages) {
    const { summarizedRange: range, seq } = message;
    const last = segments.at(-1);
    if (last && last.range === range && (range || continues(last.toSeq, seq))) {
      last.messages.push(message);
      last.toSeq = range?.toSeq ?? seq;
    } else {
      const { fromSeq, toSeq } = range ?? { fromSeq: seq, toSeq: seq };
      segments.push({ type: range ? 'summary' : 'live', fromSeq, toSeq, messages: [message], range });
    }
  }
  return segments.map(({ range: _, ...segment }) => segment);
}
