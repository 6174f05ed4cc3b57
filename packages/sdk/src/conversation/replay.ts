import { optionalInteger } from '../arguments.js';
import type { RemoteConversation } from './remote-conversation.js';
import type { LoggedEvent, ReplayOptions } from '../types.js';
import type { WireEventPage } from '../wire/types.js';
import { fromWireEvent } from '../wire/events.js';

/** Most events that the service gives at once. */
const PAGE_LIMIT = 1000;

/** Reads the log page by page, each when it is asked for, up to the end that it has at the first. */
export async function* replay(
  conversation: RemoteConversation,
  { fromSeq = 1, toSeq = Number.MAX_SAFE_INTEGER, signal }: ReplayOptions,
): AsyncGenerator<LoggedEvent, void, undefined> {
  const { lastSeq } = await conversation.get(signal);
  const end = Math.min(toSeq, lastSeq);
  let next = Math.max(1, fromSeq < 0 ? lastSeq + 1 + fromSeq : fromSeq);
  while (next <= end) {
    const page = (await conversation.request({
      method: 'GET',
      path: '/events',
      query: { from_seq: next, to_seq: end, limit: PAGE_LIMIT },
      repeatable: 'always',
      signal,
    })) as WireEventPage;
    if (page.events.length === 0) return;
    for (const event of page.events) yield fromWireEvent(event, event);
    next = page.next_cursor + 1;
  }
}

/** @throws TypeError, RangeError */
export function checkReplayOptions({ fromSeq, toSeq }: ReplayOptions): void {
  optionalInteger('fromSeq', fromSeq);
  optionalInteger('toSeq', toSeq, 0);
}
