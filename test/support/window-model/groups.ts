import type { Item } from './item.js';
import { isReasoningOnly, pairsOf } from './tools.js';

/**
 * spec.md §6.2: everything from a call to its last result is one group, also when other events stand between them; reasoning
 * belongs to the event that follows it; overlapping groups are one.
 */
export function groupsOf(items: readonly Item[]): Item[][] {
  const index = new Map(items.map((item, position) => [item, position]));
  // The last position that must be in one group with a position.
  const reach = items.map((item, position) => (isReasoningOnly(item) ? position + 1 : position));
  for (const [call, result] of pairsOf(items)) {
    const from = index.get(call.item)!;
    reach[from] = Math.max(reach[from]!, index.get(result.item)!);
  }
  const groups: Item[][] = [];
  let end = -1;
  for (const [position, item] of items.entries()) {
    if (position <= end) groups.at(-1)!.push(item);
    else groups.push([item]);
    end = Math.max(end, reach[position]!);
  }
  return groups;
}
