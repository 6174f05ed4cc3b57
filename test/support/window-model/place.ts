import type { Item } from './item.js';
import type { Summary, Timeline } from './timeline.js';

/** What a window contains. */
export interface Content {
  pins: Item[];
  summaries: Summary[];
  /** The newest groups of unpinned live events, one after the other. */
  run: Item[];
}

/** A message of the window. */
export interface Message extends Item {
  /** The compaction that the message is of. */
  summary: Summary | undefined;
  isOfRun: boolean;
}

export interface Segment {
  type: 'summary' | 'live';
  from_seq: number;
  to_seq: number;
}

/** Ascending by seq. The head comes first; a summary stands at its `from_seq`, before the pins in its range. */
export function placed({ pins, summaries, run }: Content, { headEnd }: Timeline): Message[] {
  const message = { summary: undefined, isOfRun: false };
  const messages: Message[] = [
    ...summaries.flatMap((summary) => summary.items.map((item) => ({ ...message, ...item, summary }))),
    ...pins.map((item) => ({ ...message, ...item })),
    ...run.map((item) => ({ ...message, ...item, isOfRun: true })),
  ];
  const isHead = ({ summary, seq }: Message) => !summary && seq <= headEnd;
  // A stable sort: at the same seq, summaries are before events.
  return [
    ...messages.filter(isHead).sort((a, b) => a.seq - b.seq),
    ...messages.filter((each) => !isHead(each)).sort((a, b) => a.seq - b.seq),
  ];
}

/**
 * Runs of messages of one summary, of consecutive events, and of events between the first message of the run and its end, without a
 * compaction between them. They describe what is returned: after repairs.
 */
export function segmentsOf(
  messages: readonly Message[],
  { run }: Content,
  { summaries }: Timeline,
): Segment[] {
  const start = messages.find(({ isOfRun }) => isOfRun)?.seq ?? Infinity;
  const end = run.at(-1)?.seq ?? 0;
  const isInRun = ({ seq }: Message) => start <= seq && seq <= end;
  const isCompactionBetween = (a: Message, b: Message) =>
    summaries.some(({ fromSeq }) => a.seq < fromSeq && fromSeq <= b.seq);
  const isOneSegment = (a: Message, b: Message) =>
    a.summary === b.summary &&
    (a.summary !== undefined ||
      b.seq - a.seq <= 1 ||
      (isInRun(a) && isInRun(b) && !isCompactionBetween(a, b)));
  const segments: Segment[] = [];
  for (const [index, message] of messages.entries()) {
    const { seq, summary } = message;
    if (index > 0 && isOneSegment(messages[index - 1]!, message))
      segments.at(-1)!.to_seq = summary?.toSeq ?? seq;
    else if (summary) segments.push({ type: 'summary', from_seq: summary.fromSeq, to_seq: summary.toSeq });
    else segments.push({ type: 'live', from_seq: seq, to_seq: seq });
  }
  return segments;
}
