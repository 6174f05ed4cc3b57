import { optionalInteger } from '../arguments.js';
import { fromWireFrame } from '../wire/changes.js';
import type { RemoteConversation } from '../conversation/remote-conversation.js';
import { ConnectionError, FastpacaError, RateLimitError, ServerError } from '../errors.js';
import { pause, pauseMs } from '../http/retry.js';
import { serverSentEvents } from '../http/server-sent-events.js';
import type { Change, WatchOptions } from '../types.js';
import type { WireFrame } from '../wire/types.js';

/** Three heartbeats of the service, in milliseconds. */
const DEFAULT_IDLE_TIMEOUT_MS = 90_000;

/**
 * Follows a conversation over server-sent events.
 *
 * @param prepare done once, before the first connection
 */
export function watch(
  conversation: RemoteConversation,
  options: WatchOptions,
  prepare?: () => Promise<unknown>,
): AsyncIterableIterator<Change> {
  optionalInteger('cursor', options.cursor, 0);
  optionalInteger('idleTimeoutMs', options.idleTimeoutMs, 1, 2 ** 31 - 1);
  const controller = new AbortController();
  const changes = new Watcher(conversation, options, controller).changes(prepare);
  return {
    next: () => changes.next(),
    return: () => {
      // A generator takes a `return` only where it yields; one that waits for the network has to be woken.
      controller.abort();
      return changes.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** One iteration, over as many connections as it takes. */
class Watcher {
  /** The last version that was passed on. */
  private cursor = 0;
  /** The last window, as JSON. */
  private window = '';
  /** The version that a caller without a cursor begins at, until the first window: that of this version is no news. */
  private beginning?: number;
  /** Connections that failed in a row. */
  private failures = 0;
  private hasConnected = false;

  constructor(
    private readonly conversation: RemoteConversation,
    private readonly options: WatchOptions,
    private readonly controller: AbortController,
  ) {}

  async *changes(prepare?: () => Promise<unknown>): AsyncGenerator<Change, void, undefined> {
    const { signal } = this.options;
    const stop = () => this.controller.abort();
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await prepare?.();
      await this.begin();
      while (!this.controller.signal.aborted) yield* this.connected();
    } catch (error) {
      if (!this.controller.signal.aborted) throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      stop();
    }
  }

  /** Without a cursor it is where the conversation is: a connection that breaks before its first frame must miss nothing. */
  private async begin(): Promise<void> {
    const { cursor } = this.options;
    const { signal } = this.controller;
    this.cursor = cursor ?? (await this.conversation.get(signal)).version;
    if (cursor === undefined) this.beginning = this.cursor;
  }

  /** What one connection brings, and the pause after it. */
  private async *connected(): AsyncGenerator<Change, void, undefined> {
    let fault: unknown;
    try {
      yield* this.connection();
    } catch (error) {
      const { maxRetries } = this.conversation.http.options;
      if (!mayPass(error) || (!this.hasConnected && this.failures >= maxRetries)) throw error;
      fault = error;
    }
    if (this.controller.signal.aborted) return;
    this.options.onReconnect?.(fault);
    await pause(pauseMs(this.failures, fault), this.controller.signal);
    this.failures += 1;
  }

  private async *connection(): AsyncGenerator<Change, void, undefined> {
    const connection = new AbortController();
    const stop = () => connection.abort();
    this.controller.signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const frame of this.frames(connection.signal)) {
        // The service reads to a slow reader from the log when it comes back with its cursor, compactions included.
        if (frame.type === 'gap' && frame.reason === 'slow_reader') return;
        const change = fromWireFrame(frame);
        if (!change || !this.isNew(change)) continue;
        this.cursor = change.version;
        yield change;
        if (change.type === 'tombstoned') this.controller.abort();
      }
    } finally {
      this.controller.signal.removeEventListener('abort', stop);
      stop();
    }
  }

  private async *frames(signal: AbortSignal): AsyncGenerator<WireFrame, void, undefined> {
    const { includeEvents, idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS } = this.options;
    const response = await this.conversation.open({
      method: 'GET',
      path: '/stream',
      query: { cursor: this.cursor, includeEvents },
      headers: { accept: 'text/event-stream' },
      repeatable: 'always',
      signal,
    });
    const kind = response.headers.get('content-type') ?? 'nothing';
    if (!response.body || !kind.startsWith('text/event-stream')) {
      throw new FastpacaError(`Expected server-sent events from ${response.url}, got ${kind}`, {
        status: response.status,
      });
    }
    for await (const data of serverSentEvents(response.body, idleTimeoutMs)) {
      this.failures = 0;
      this.hasConnected = true;
      yield JSON.parse(data) as WireFrame;
    }
  }

  /** Whether a change has not been passed on before: a connection begins with the window, and may repeat what the last one sent. */
  private isNew(change: Change): boolean {
    if (change.type === 'event' || change.type === 'compaction') return change.version > this.cursor;
    if (change.type !== 'window') return true;
    const isKnown = change.version === this.beginning;
    this.beginning = undefined;
    const window = JSON.stringify(change);
    const isRepeated = window === this.window;
    this.window = window;
    return !isRepeated && !isKnown && change.version >= this.cursor;
  }
}

/** Whether another connection may do better. */
function mayPass(error: unknown): boolean {
  return error instanceof ConnectionError || error instanceof ServerError || error instanceof RateLimitError;
}
