import { optionalInteger } from '../arguments.js';
import type { LoggedEvent, ReplayOptions } from '../types.js';
import { fromWireEvent } from '../wire/events.js';
import type { WireEventPage } from '../wire/types.js';
import type { RemoteConversation } from '../http/remote-conversation.js';

/** Most events that the service returns in one page. */
const PAGE_LIMIT = 1000;
/** Events that `newestFirst` reads at a time. */
const NEWEST_EVENTS = 100;

/** Both ends inclusive. */
interface PagedRange extends Pick<ReplayOptions, 'withdrawn' | 'signal'> {
  fromSeq: number;
  toSeq: number;
}

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
  return readLog(conversation, options, prepare);
}

/** The events up to `lastSeq` that are not withdrawn, newest first. They are read while the iteration runs. */
export async function* newestFirst(
  conversation: RemoteConversation,
  lastSeq: number,
): AsyncGenerator<LoggedEvent, void, undefined> {
  for (let toSeq = lastSeq; toSeq >= 1; toSeq -= NEWEST_EVENTS) {
    const fromSeq = Math.max(1, toSeq - NEWEST_EVENTS + 1);
    const events: LoggedEvent[] = [];
    for await (const event of readPages(conversation, { fromSeq, toSeq, withdrawn: 'exclude' }))
      events.push(event);
    yield* events.reverse();
  }
}

async function* readLog(
  conversation: RemoteConversation,
  { fromSeq = 1, toSeq = Number.MAX_SAFE_INTEGER, ...options }: ReplayOptions,
  prepare: () => Promise<void>,
): AsyncGenerator<LoggedEvent, void, undefined> {
  await prepare();
  const { lastSeq } = await conversation.get(options.signal);
  yield* readPages(conversation, {
    ...options,
    fromSeq: Math.max(1, fromSeq < 0 ? lastSeq + 1 + fromSeq : fromSeq),
    toSeq: Math.min(toSeq, lastSeq),
  });
}

async function* readPages(
  conversation: RemoteConversation,
  { fromSeq, toSeq, withdrawn, signal }: PagedRange,
): AsyncGenerator<LoggedEvent, void, undefined> {
  let next = fromSeq;
  while (next <= toSeq) {
    const page = (await conversation.request({
      method: 'GET',
      path: '/events',
      query: { from_seq: next, to_seq: toSeq, limit: PAGE_LIMIT, withdrawn },
      retryable: 'always',
      signal,
    })) as WireEventPage;
    if (page.events.length === 0) return;
    for (const event of page.events) yield fromWireEvent(event, event);
    next = page.next_cursor + 1;
  }
}
