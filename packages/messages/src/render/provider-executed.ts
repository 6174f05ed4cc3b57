import type { Item, ToolResultItem } from '../items.js';
import type { ReadMessage, ToolPairs } from '../window-items.js';
import type { ResultPlace } from './result-places.js';

/**
 * The calls that their provider executes and that stay inside the message of the model, and their results: those that the writer
 * can write as they were sent. The result must be in the same event, or in a later one of the same answer, with no other calls
 * before it. Without a result, the call stays only at the end of the window, because the provider may deliver the result later.
 */
export function findExecutedInPlace(
  messages: readonly ReadMessage[],
  { resultOf }: ToolPairs,
  places: ReadonlyMap<ToolResultItem, ResultPlace>,
  isNative: (item: Item) => boolean,
): ReadonlySet<Item> {
  const inPlace = new Set<Item>();
  const ends = endsOfAnswers(messages);
  for (const [index, { event, items }] of messages.entries()) {
    if (event.role !== 'assistant') continue;
    for (const item of items) {
      if (item.kind !== 'call' || !item.isProviderExecuted || !isNative(item)) continue;
      const result = resultOf.get(item);
      const place = result && places.get(result);
      const isInAnswer = place !== undefined && place.index < (ends[index] ?? 0);
      if (result ? isNative(result) && isInAnswer : index === messages.length - 1) {
        inPlace.add(item);
        if (result) inPlace.add(result);
      }
    }
  }
  return inPlace;
}

/**
 * For each message of the model, the index after the consecutive messages of the model that begin with it; none after a message
 * with calls that the caller executes, because their results follow it. For another message, its own index.
 */
function endsOfAnswers(messages: readonly ReadMessage[]): number[] {
  const ends: number[] = [];
  for (const [index, { event, items }] of [...messages.entries()].reverse()) {
    const hasOtherCalls = items.some((item) => item.kind === 'call' && !item.isProviderExecuted);
    const next = index + 1;
    ends[index] = event.role !== 'assistant' ? index : hasOtherCalls ? next : (ends[next] ?? next);
  }
  return ends;
}
