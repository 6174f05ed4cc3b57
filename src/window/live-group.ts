import { groupEvents, type Group, type OutlinedEvent } from '@fastpaca/messages';
import type { WindowMessage } from './window-message.js';

/** A live event, or what a policy has left of it. */
export interface SizedEvent extends OutlinedEvent {
  tokens: number;
  /** The running token total of the log before the event. */
  tokensBefore: number;
  /** Undefined if the text was not read, because the event cannot fit. */
  message?: WindowMessage | undefined;
}

/** A group of live events, which a window keeps or drops together. */
export interface LiveGroup extends Group {
  tokens: number;
  /** The running token total of the log before the group. */
  tokensBefore: number;
  /** Undefined if the text of an event was not read. */
  messages: readonly WindowMessage[] | undefined;
}

/** @param events ascending */
export function liveGroups(events: readonly SizedEvent[]): LiveGroup[] {
  let next = 0;
  return groupEvents(events).map((group) => {
    const start = next;
    while ((events[next]?.seq ?? Infinity) <= group.toSeq) next += 1;
    return oneGroup(group, events.slice(start, next));
  });
}

/** @param events all of the group, ascending; to work out the group from them alone may give several */
export function oneGroup({ fromSeq, toSeq }: Group, events: readonly SizedEvent[]): LiveGroup {
  const [first] = events;
  if (first && events.length === 1) {
    const { tokens, tokensBefore, message } = first;
    return { fromSeq, toSeq, tokens, tokensBefore, messages: message && [message] };
  }
  const messages: WindowMessage[] = [];
  for (const { message } of events) if (message) messages.push(message);
  return {
    fromSeq,
    toSeq,
    tokens: sumOfTokens(events),
    tokensBefore: first?.tokensBefore ?? 0,
    messages: messages.length === events.length ? messages : undefined,
  };
}

export function sumOfTokens(items: readonly { tokens: number }[]): number {
  return items.reduce((sum, { tokens }) => sum + tokens, 0);
}
