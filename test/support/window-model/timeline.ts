import { groupsOf } from './groups.js';
import { itemOf, tokensOfAll, type Item, type ModelEvent } from './item.js';
import { isReasoningOnly, toolsOf } from './tools.js';

export interface ModelCompaction {
  version: number;
  fromSeq: number;
  toSeq: number;
  /** Empty for a withdrawal. */
  replacement: any[];
}

/** An active compaction, with its messages. */
export interface Summary {
  version: number;
  fromSeq: number;
  toSeq: number;
  items: Item[];
  tokens: number;
}

export interface Timeline {
  /** The active compactions, ascending. */
  summaries: Summary[];
  /** The last seq of the head; 0 without a head, or if it is not pinned. */
  headEnd: number;
  /** The pinned events in groups. */
  pins: Item[][];
  /** The live events that are not pinned. Policies see no others. */
  live: Item[];
  /** By seq: the tokens of all events of the log before it. */
  tokensBefore: ReadonlyMap<number, number>;
}

/** The most events that the head has. */
const MAX_HEAD = 256;

export function timelineOf(
  log: readonly ModelEvent[],
  compactions: readonly ModelCompaction[],
  pinsHead: boolean,
): Timeline {
  const items = log.map(itemOf);
  const summaries = activeSummaries(compactions);
  const headEnd = pinsHead ? headLength(items) : 0;
  const notWithdrawn = items.filter(({ seq }) => !isWithdrawn(seq, compactions));
  const isPinned = pinned(notWithdrawn, headEnd);
  const isCovered = ({ seq }: Item) => summaries.some(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq);
  return {
    summaries,
    headEnd,
    pins: groupsOf(notWithdrawn.filter(isPinned)),
    live: notWithdrawn.filter((item) => !isCovered(item) && !isPinned(item)),
    tokensBefore: runningTotals(items),
  };
}

/** A compaction is active until a later one contains its range. */
function activeSummaries(compactions: readonly ModelCompaction[]): Summary[] {
  const isReplaced = ({ version, fromSeq, toSeq }: ModelCompaction) =>
    compactions.some((later) => later.version > version && later.fromSeq <= fromSeq && later.toSeq >= toSeq);
  return compactions
    .filter((compaction) => !isReplaced(compaction))
    .sort((a, b) => a.fromSeq - b.fromSeq)
    .map(({ replacement, ...range }) => {
      const items = replacement.map((event) => itemOf({ seq: range.fromSeq, event, insertedAt: undefined }));
      return { ...range, items, tokens: tokensOfAll(items) };
    });
}

/** spec.md §1: a withdrawal replaces its range by nothing. No later compaction brings the events back. */
function isWithdrawn(seq: number, compactions: readonly ModelCompaction[]): boolean {
  return compactions.some(
    ({ fromSeq, toSeq, replacement }) => replacement.length === 0 && fromSeq <= seq && seq <= toSeq,
  );
}

function runningTotals(items: readonly Item[]): Map<number, number> {
  let total = 0;
  return new Map(items.map(({ seq, tokens }) => [seq, (total += tokens) - tokens]));
}

/** spec.md §6.4: system and developer events before any other role. */
function headLength(items: readonly Item[]): number {
  const first = items.findIndex(({ event: { role } }) => role !== 'system' && role !== 'developer');
  return Math.min(first === -1 ? items.length : first, MAX_HEAD);
}

/** spec.md §6.4. An event that is bound to others stays with its whole group, so that no pair and no reasoning is cut. */
function pinned(items: readonly Item[], headEnd: number): (item: Item) => boolean {
  const pins = new Set(items.filter(({ seq, event }) => seq <= headEnd || event.pinned === true));
  const isBound = (item: Item) => toolsOf(item).length > 0 || isReasoningOnly(item);
  for (const group of groupsOf(items)) {
    if (group.some((item) => pins.has(item) && isBound(item))) for (const item of group) pins.add(item);
  }
  return (item) => pins.has(item);
}
