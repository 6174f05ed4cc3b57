import { optionalInteger } from '../arguments.js';
import type { LoggedEvent, ReplayOptions } from '../types.js';
import { fromWireEvent } from '../wire/events.js';
import type { WireEventPage } from '../wire/types.js';
import type { RemoteConversation } from '../http/remote-conversation.js';

/** Most events that the service returns in one page. */
const PAGE_LIMIT = 1000;

/**
 * Reads the log, up to where it ends when the first event is requested. Each page is read when the iteration reaches it.
 *
 * @param prepare runs before the first request
 * @throws TypeError, RangeError immediately for invalid options
 */
export function replay(
  conversation: RemoteConversation,
  options: ReplayOptions,
  prepare: () => Promise<void>,
): AsyncGenerator<LoggedEvent, void, undefined> {
  optionalInteger('fromSeq', options.fromSeq);
  optionalInteger('toSeq', options.toSeq, 0);
  return readPages(conversation, options, prepare);
}

async function* readPages(
  conversation: RemoteConversation,
  { fromSeq = 1, toSeq = Number.MAX_SAFE_INTEGER, signal }: ReplayOptions,
  prepare: () => Promise<void>,
): AsyncGenerator<LoggedEvent, void, undefined> {
  await prepare();
  const { lastSeq } = await conversation.get(signal);
  const end = Math.min(toSeq, lastSeq);
  let next = Math.max(1, fromSeq < 0 ? lastSeq + 1 + fromSeq : fromSeq);
  while (next <= end) {
    const page = (await conversation.request({
      method: 'GET',
      path: '/events',
      query: { from_seq: next, to_seq: end, limit: PAGE_LIMIT },
      retryable: 'always',
      signal,
    })) as WireEventPage;
    if (page.events.length === 0) return;
    for (const event of page.events) yield fromWireEvent(event, event);
    next = page.next_cursor + 1;
  }
}
