import type { Item } from '../items.js';
import type { ReadMessage, ToolPairs } from '../window-items.js';

/**
 * The calls that their provider executes and that stay inside the message of the model, and their results: those that the writer
 * can write as they were sent. The result must be in the same event, or in a later one of the same answer, with no other calls
 * before it. Without a result, the call stays only at the end of the window, because the provider may deliver the result later.
 */
export function findExecutedInPlace(
  messages: readonly ReadMessage[],
  { resultOf }: ToolPairs,
  isNative: (item: Item) => boolean,
): ReadonlySet<Item> {
  const inPlace = new Set<Item>();
  for (const [index, { event, items }] of messages.entries()) {
    if (event.role !== 'assistant') continue;
    const answer = new Set(
      messages.slice(index, endOfAnswer(messages, index)).flatMap((message) => message.items),
    );
    for (const item of items) {
      if (item.kind !== 'call' || !item.isProviderExecuted || !isNative(item)) continue;
      const result = resultOf.get(item);
      if (result ? isNative(result) && answer.has(result) : index === messages.length - 1) {
        inPlace.add(item);
        if (result) inPlace.add(result);
      }
    }
  }
  return inPlace;
}

/**
 * The index after the consecutive messages of the model that begin at `index`; none after a message with calls that the caller
 * executes, because their results follow it.
 */
function endOfAnswer(messages: readonly ReadMessage[], index: number): number {
  for (let end = index; ; end += 1) {
    const message = messages[end];
    if (message?.event.role !== 'assistant') return end;
    if (message.items.some((item) => item.kind === 'call' && !item.isProviderExecuted)) return end + 1;
  }
}
