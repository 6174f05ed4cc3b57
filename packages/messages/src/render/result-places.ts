import type { ToolResultItem } from '../items.js';
import type { ReadMessage } from '../window-items.js';

/** Where a tool result stands in a window. */
export interface ResultPlace {
  result: ToolResultItem;
  /** The index of its message. */
  index: number;
  /** Its number among all results of the window. */
  order: number;
  /** The index of the newest earlier message that is more than results; -1 if every earlier message is results only. */
  newestOther: number;
}

export function placesOfResults(messages: readonly ReadMessage[]): Map<ToolResultItem, ResultPlace> {
  const places = new Map<ToolResultItem, ResultPlace>();
  let newestOther = -1;
  for (const [index, { items }] of messages.entries()) {
    for (const item of items)
      if (item.kind === 'result') places.set(item, { result: item, index, order: places.size, newestOther });
    if (items.some(({ kind }) => kind !== 'result')) newestOther = index;
  }
  return places;
}
