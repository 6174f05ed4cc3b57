import { MAX_TIMER_MS, optionalInteger } from '../arguments.js';
import type { RemoteConversation } from '../http/remote-conversation.js';
import { ConnectionError, RateLimitError, ServerError } from '../errors.js';
import { linkAbort } from '../http/link-abort.js';
import { pause, pauseMs } from '../http/retry.js';
import type { Change, WatchOptions } from '../types.js';
import { fromWireFrame } from '../wire/changes.js';
import { readFrames } from './read-frames.js';
import { WatchPosition } from './watch-position.js';

/** Three heartbeats of the service. */
const DEFAULT_IDLE_TIMEOUT_MS = 90_000;

/**
 * Follows a conversation over server-sent events.
 *
 * @param prepare runs before the first request
 * @throws TypeError, RangeError immediately for invalid options
 */
export function watch(
  conversation: RemoteConversation,
  options: WatchOptions,
  prepare: () => Promise<void>,
): AsyncIterableIterator<Change> {
  optionalInteger('cursor', options.cursor, 0);
  optionalInteger('idleTimeoutMs', options.idleTimeoutMs, 1, MAX_TIMER_MS);
  const controller = new AbortController();
  const changes = changesUntilAborted(conversation, options, prepare, controller);
  return {
    next: () => changes.next(),
    return: () => {
      // A generator handles `return` only at a `yield`. The abort ends the request or pause that it may await instead.
      controller.abort();
      return changes.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** An abort ends the iteration without an error, whatever the code inside throws because of it. */
async function* changesUntilAborted(
  conversation: RemoteConversation,
  options: WatchOptions,
  prepare: () => Promise<void>,
  controller: AbortController,
): AsyncGenerator<Change, void, undefined> {
  const { signal } = controller;
  const unlink = linkAbort(options.signal, controller);
  try {
    await prepare();
    const position = await startPosition(conversation, options.cursor, signal);
    yield* followChanges(conversation, options, position, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    unlink();
  }
}

/** Without a cursor, the version is read first: then a connection that breaks before its first frame misses no change. */
async function startPosition(
  conversation: RemoteConversation,
  cursor: number | undefined,
  signal: AbortSignal,
): Promise<WatchPosition> {
  if (cursor !== undefined) return WatchPosition.after(cursor);
  return WatchPosition.now((await conversation.get(signal)).version);
}

/** Connects, passes on what is new, and connects again from the position reached, until the conversation is deleted. */
async function* followChanges(
  conversation: RemoteConversation,
  { includeEvents, idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS, onReconnect }: WatchOptions,
  position: WatchPosition,
  signal: AbortSignal,
): AsyncGenerator<Change, void, undefined> {
  const { maxRetries } = conversation.http.options;
  let hasConnected = false;
  let failuresInARow = 0;
  for (;;) {
    let reason: unknown;
    try {
      const { cursor } = position;
      const frames = readFrames(conversation, { cursor, includeEvents, idleTimeoutMs, signal });
      for await (const frame of frames) {
        hasConnected = true;
        failuresInARow = 0;
        // The service dropped changes because this reader was slow. The next connection reads them from the log.
        if (frame.type === 'gap' && frame.reason === 'slow_reader') break;
        const change = fromWireFrame(frame);
        if (!change || !position.advance(change)) continue;
        yield change;
        if (change.type === 'tombstoned') return;
      }
    } catch (error) {
      const isOutOfRetries = !hasConnected && failuresInARow >= maxRetries;
      if (isOutOfRetries || !isTransient(error)) throw error;
      reason = error;
    }
    if (signal.aborted) return;
    onReconnect?.(reason);
    await pause(pauseMs(failuresInARow, reason), signal);
    failuresInARow += 1;
  }
}

/** Whether another connection may succeed. */
function isTransient(error: unknown): boolean {
  return error instanceof ConnectionError || error instanceof ServerError || error instanceof RateLimitError;
}
