import type { Group } from '@fastpaca/messages';
import type { ConversationCalibration } from '../calibration/calibration.js';
import type { Compaction } from '../compaction/compaction.js';
import { gapsBetween } from '../events/seq-ranges.js';
import type { SeqRange } from '../events/stored-event.js';
import type { LiveGroup } from './live-group.js';
import type { LiveRanges } from './live-ranges.js';
import type { LiveSelection } from './live-selector.js';
import type { PinnedMessages } from './pinned-messages.js';
import type { WindowContent } from './window-fitter.js';

/** Why events are not in a window; `pinned`: why they are. */
export const EXPLAIN_REASONS = [
  'policy',
  'budget',
  'summarized',
  'withdrawn',
  'pinned',
  'bytes',
  'overflow',
  'repair',
] as const;
export type ExplainReason = (typeof EXPLAIN_REASONS)[number];

interface RunState {
  included: boolean;
  /** Null for events that are in the window because they are among the newest. */
  reason: ExplainReason | null;
}

/** Adjacent events of the log that are in a window, or not in it, for the same reason. */
export interface ExplainedRun extends SeqRange, RunState {
  /** What the events cost in the window; of events that are not in it, their stored counts. */
  tokens: number;
}

/** What has last changed the prefix of a window. */
export type PrefixChange = 'budget' | 'policy' | 'compaction';

/** Why a window is as it is. */
export interface WindowExplanation {
  /** All events of the log, ascending. */
  runs: readonly ExplainedRun[];
  /** Null if nothing has: the window begins with the first event, and has all events as they were sent. */
  prefixChangedBy: PrefixChange | null;
  /** What usage reports say about the windows of the conversation: the last report stands beside the estimate. */
  calibration?: ConversationCalibration;
}

/** What a window was made from. */
export interface WindowMaking {
  lastSeq: number;
  tokensTotal: number;
  compactions: readonly Compaction[];
  /** The withdrawn parts of the log, ascending and disjoint, each within an active compaction. */
  withdrawn: readonly SeqRange[];
  pins: PinnedMessages;
  live: LiveRanges;
  selection: LiveSelection;
  content: WindowContent;
  /** The newest group, if it is left out because not even its shortened form fits. */
  leftOut: Group | undefined;
}

/** Reads running token totals of the log, by seq. */
type ReadTotals = (seqs: readonly number[]) => Promise<ReadonlyMap<number, number>>;

/** An event whose state is known by itself. */
interface MarkedEvent extends RunState {
  /** What it costs in the window; 0 if it is not in it. */
  tokens: number;
}

/**
 * Says for each event of the log whether it is in a window, and why, in ascending runs without a gap.
 *
 * @param readTotals called at most once: the number of totals depends on the number of runs, and not on the length of the log
 */
export async function explainRuns(making: WindowMaking, readTotals: ReadTotals): Promise<ExplainedRun[]> {
  const runs = mergedRuns(making, markedEvents(making));
  const known = knownTotals(making);
  const outside = runs.filter(({ included }) => !included);
  const unknown = outside
    .flatMap(({ fromSeq, toSeq }) => [fromSeq - 1, toSeq])
    .filter((seq) => !known.has(seq));
  const read = unknown.length > 0 ? await readTotals([...new Set(unknown)]) : known;
  const totalAt = (seq: number) => known.get(seq) ?? read.get(seq) ?? 0;
  return runs.map((run) =>
    run.included ? run : { ...run, tokens: totalAt(run.toSeq) - totalAt(run.fromSeq - 1) },
  );
}

/** What the prefix of a window depends on: where the budget or the policy lets it begin, or what the policy changes. */
export function prefixCause({ live, selection, content, compactions }: WindowMaking): PrefixChange | null {
  const [first] = content.run;
  const selected = selection.events ? selection.events[0]?.seq : selection.fromSeq;
  const isSelected = selected !== undefined && selected <= live.lastSeq;
  if (isSelected && (!first || live.positionOf(selected) < live.positionOf(first.fromSeq))) return 'budget';
  const events = content.run.flatMap(({ messages }) => messages ?? []);
  // The policy has left out or changed a live event.
  if (events.length < live.count || events.some(({ isReduced }) => isReduced)) return 'policy';
  return compactions.length > 0 ? 'compaction' : null;
}

/** The events whose state does not follow from a range alone, by seq. */
function markedEvents({ pins, selection, content, leftOut }: WindowMaking): Map<number, MarkedEvent> {
  const tokensInWindow = new Map<number, number>();
  for (const { seq, tokens, summarizedRange } of content.repaired.messages)
    if (!summarizedRange && !tokensInWindow.has(seq)) tokensInWindow.set(seq, tokens);

  const marks = new Map<number, MarkedEvent>();
  const markGroups = (groups: readonly LiveGroup[], reason: ExplainReason | null) => {
    for (const { seq } of groups.flatMap(({ messages }) => messages ?? [])) {
      const tokens = tokensInWindow.get(seq);
      const included = tokens !== undefined;
      marks.set(seq, { included, reason: included ? reason : 'repair', tokens: tokens ?? 0 });
    }
  };
  for (const { seq } of selection.events ?? []) {
    const reason = leftOut && seq >= leftOut.fromSeq ? 'overflow' : cutReason(selection);
    marks.set(seq, { included: false, reason, tokens: 0 });
  }
  for (const { messages } of pins.groups)
    for (const { seq } of messages ?? []) marks.set(seq, { included: false, reason: 'overflow', tokens: 0 });
  markGroups(content.pins, 'pinned');
  markGroups(content.run, null);
  return marks;
}

function cutReason({ cutByBytes }: LiveSelection): ExplainReason {
  return cutByBytes ? 'bytes' : 'budget';
}

/** The ranges of the log, each with the reason why an event of it is not in the window unless it is marked. */
function outsideRanges(making: WindowMaking): (SeqRange & RunState)[] {
  const { lastSeq, compactions, withdrawn, selection, leftOut } = making;
  const starts: [seq: number, reason: ExplainReason][] = [[1, 'policy']];
  if (selection.fromSeq !== undefined) starts.push([selection.fromSeq, cutReason(selection)]);
  if (leftOut && !selection.events) starts.push([leftOut.fromSeq, 'overflow']);
  const uncompacted = gapsBetween(compactions, lastSeq);
  const unselected = uncompacted.flatMap(({ fromSeq, toSeq }) =>
    starts.map(([start, reason], index) => ({
      fromSeq: Math.max(fromSeq, start),
      toSeq: Math.min(toSeq, (starts[index + 1]?.[0] ?? Infinity) - 1),
      included: false,
      reason,
    })),
  );
  const summarized = gapsBetween([...uncompacted, ...withdrawn].sort(bySeq), lastSeq);
  const outside = (ranges: readonly SeqRange[], reason: ExplainReason) =>
    ranges.map(({ fromSeq, toSeq }) => ({ fromSeq, toSeq, included: false, reason }));
  return [
    ...unselected.filter(({ fromSeq, toSeq }) => fromSeq <= toSeq),
    ...outside(summarized, 'summarized'),
    ...outside(withdrawn, 'withdrawn'),
  ].sort(bySeq);
}

function bySeq(a: SeqRange, b: SeqRange): number {
  return a.fromSeq - b.fromSeq;
}

/** All runs, ascending. The tokens of events outside the window are not known yet. */
function mergedRuns(making: WindowMaking, marks: ReadonlyMap<number, MarkedEvent>): ExplainedRun[] {
  const runs: ExplainedRun[] = [];
  const add = (run: ExplainedRun) => {
    const last = runs.at(-1);
    if (last?.included !== run.included || last.reason !== run.reason) runs.push(run);
    else Object.assign(last, { toSeq: run.toSeq, tokens: last.tokens + run.tokens });
  };
  const seqs = [...marks.keys()].sort((a, b) => a - b);
  let next = 0;
  for (const { fromSeq, toSeq, included, reason } of outsideRanges(making)) {
    let start = fromSeq;
    for (; next < seqs.length; next += 1) {
      const seq = seqs[next] ?? 0;
      const mark = marks.get(seq);
      if (!mark || seq > toSeq) break;
      if (start < seq) add({ fromSeq: start, toSeq: seq - 1, included, reason, tokens: 0 });
      add({ fromSeq: seq, toSeq: seq, ...mark });
      start = seq + 1;
    }
    if (start <= toSeq) add({ fromSeq: start, toSeq, included, reason, tokens: 0 });
  }
  return runs;
}

/** Running totals that the window was made with, by seq. */
function knownTotals({
  lastSeq,
  tokensTotal,
  compactions,
  live,
  selection,
}: WindowMaking): Map<number, number> {
  const totals = new Map([
    [0, 0],
    [lastSeq, tokensTotal],
  ]);
  for (const { fromSeq, toSeq, tokensBefore, tokensThrough } of [...compactions, ...live.ranges])
    totals.set(fromSeq - 1, tokensBefore).set(toSeq, tokensThrough);
  for (const { seq, tokensBefore } of selection.events ?? []) totals.set(seq - 1, tokensBefore);
  return totals;
}
