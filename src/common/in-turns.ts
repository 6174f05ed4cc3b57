import { setImmediate as nextTurn } from 'node:timers/promises';

/** How many small items, such as messages, are handled in one turn of the event loop. Their work takes a few milliseconds. */
export const ITEMS_PER_TURN = 512;

/** `items` in runs of at most `ITEMS_PER_TURN`. */
export function chunks<Item>(items: readonly Item[]): Item[][] {
  const starts = Array.from(
    { length: Math.ceil(items.length / ITEMS_PER_TURN) },
    (_, index) => index * ITEMS_PER_TURN,
  );
  return starts.map((start) => items.slice(start, start + ITEMS_PER_TURN));
}

/** As `Array.prototype.map`; other work of the event loop is done after every `ITEMS_PER_TURN` items. */
export async function mapInTurns<Item, Result>(
  items: readonly Item[],
  map: (item: Item, index: number) => Result,
): Promise<Result[]> {
  if (items.length <= ITEMS_PER_TURN) return items.map(map);
  const results: Result[] = [];
  for (const chunk of chunks(items)) {
    for (const item of chunk) results.push(map(item, results.length));
    await nextTurn();
  }
  return results;
}

/** Lets other work of the event loop be done before the next pass over these items, if they are many. */
export async function turnAfter(items: readonly unknown[]): Promise<void> {
  if (items.length > ITEMS_PER_TURN) await nextTurn();
}
