import { groupsOf } from './groups.js';
import { withParts, type Item } from './item.js';
import { withPlaceholders } from './placeholders.js';
import { startsTurn, toolsOf } from './tools.js';

/** What a policy leaves of the live events. */
interface Selection {
  /** The events as the policy leaves them, also those before its cut. */
  left: Item[];
  /** The events after its cut: the newest of `left`. */
  kept: Item[];
}

/** The live events in groups, as a policy leaves them. */
export interface SelectedGroups {
  all: Item[][];
  /** The newest of `all`: the groups of the snapshot. */
  selected: Item[][];
}

/** spec.md §6.3: a cut inside a group moves to the next group; the newest group is always kept whole. */
export function selectGroups(live: Item[], strategy: string, config: any, now: Date): SelectedGroups {
  const { left, kept } = select(live, strategy, config, now);
  const all = groupsOf(left);
  const first = kept[0];
  if (!first) return { all, selected: [] };
  const selected = all.filter((group) => group[0]!.seq >= first.seq);
  return { all, selected: selected.length > 0 ? selected : all.slice(-1) };
}

function select(live: Item[], strategy: string, config: any, now: Date): Selection {
  const limit: number = config.limit ?? 200;
  const trimTo: number = config.trim_to ?? (limit >= 20 ? Math.floor(limit * 0.75) : limit);
  switch (strategy) {
    case 'budget':
    case 'manual':
      return { left: live, kept: live };
    case 'last_n':
      return { left: live, kept: newest(live, live, limit, trimTo) };
    case 'strip_tool_results': {
      const left = stripResults(scanned(live), openTurn(live), config);
      const start = newest(live, live, limit, trimTo)[0]?.seq ?? 0;
      return { left, kept: left.filter(({ seq }) => seq >= start) };
    }
    case 'skip_parts': {
      const left = skipParts(scanned(live), openTurn(live), config.kinds ?? ['tool*', 'reasoning']);
      return { left, kept: newest(left, live, limit, trimTo) };
    }
    case 'time_window': {
      const oldest = now.getTime() - config.max_age_seconds * 1000;
      const start = startOfNewest(live.length, config.min_events ?? 0);
      const isKept = ({ insertedAt }: Item, index: number) =>
        new Date(insertedAt!).getTime() >= oldest || index >= start;
      return { left: live, kept: live.filter(isKept) };
    }
    default:
      throw new Error(`no model of ${strategy}`);
  }
}

/** The newest items, after a cut at the first of the positions 0, n, 2n, … in `live` that leaves at most `limit`. */
function newest(items: Item[], live: Item[], limit: number, trimTo: number): Item[] {
  for (let start = 0; start < live.length; start += limit - trimTo + 1) {
    const kept = items.filter(({ seq }) => seq >= live[start]!.seq);
    if (kept.length <= limit) return kept;
  }
  return [];
}

/** The index from which at least `count` of the items remain. From 20 on, it moves in steps of a quarter. */
function startOfNewest(items: number, count: number): number {
  const step = count >= 20 ? Math.floor(count / 4) + 1 : 1;
  return Math.max(0, step * Math.floor((items - count) / step));
}

/** The events that a policy may read: drops the oldest 512 events repeatedly until at most 4,096 remain. */
function scanned(live: Item[]): Item[] {
  return live.length > 4096 ? scanned(live.slice(512)) : live;
}

/** spec.md §6.2: the events after the newest message of the user that is more than tool results. */
function openTurn(live: Item[]): Set<Item> {
  return new Set(live.slice(live.findLastIndex(startsTurn) + 1));
}

/** The results of the open turn keep their output, and so do the newest `keep_recent` results of all. */
function stripResults(items: Item[], open: Set<Item>, config: any): Item[] {
  const results = items.flatMap(toolsOf).filter(({ kind }) => kind === 'result');
  const old = results.slice(0, Math.max(0, results.length - (config.keep_recent ?? 0)));
  const replaced = old.filter(({ item }) => !open.has(item));
  return items.map((item) => withPlaceholders(item, replaced, config.placeholder));
}

/** Removes parts outside the open turn, and drops events left empty. */
function skipParts(items: Item[], open: Set<Item>, kinds: string[]): Item[] {
  const isSkipped = ({ type }: { type: string }) =>
    kinds.some((kind) => (kind.endsWith('*') ? type.startsWith(kind.slice(0, -1)) : type === kind));
  const isWholeResult = (item: Item) => toolsOf(item).some(({ part }) => part === undefined);
  return items.flatMap((item) => {
    if (open.has(item)) return [item];
    if (kinds.includes('tool*') && isWholeResult(item)) return [];
    const parts = item.event.parts.filter((part: any) => !isSkipped(part));
    if (parts.length === item.event.parts.length) return [item];
    return parts.length > 0 ? [withParts(item, parts)] : [];
  });
}
