import { appendEvent, appendTurn } from './append.js';
import { AutoCompaction } from './auto-compaction.js';
import { compact } from './compact.js';
import { fromWireConversation, type RemoteConversation } from './remote-conversation.js';
import type { Mutexes } from './keyed-mutex.js';
import { checkReplayOptions, replay } from './replay.js';
import {
  startStream,
  type ContextStream,
  type StreamHandler,
  type StreamOptions,
} from '../model-answer/context-stream.js';
import type {
  AppendOptions,
  AppendResult,
  AutoCompact,
  AutoCompactOptions,
  Change,
  CompactResult,
  Conversation,
  EventInput,
  EventLike,
  LoggedEvent,
  RangeCompaction,
  ReplayOptions,
  TurnResult,
  WatchOptions,
  WholeCompaction,
  Window,
  WindowOptions,
} from '../types.js';
import { watch } from '../watch/watch.js';
import type { WireConversation } from '../wire/types.js';

/**
 * One conversation. Every method throws `FastpacaError`: `NotFoundError` if the conversation does not exist, `ConflictError` if it
 * was deleted and is to be changed, `ConnectionError` if the service cannot be reached. What is wrong already here
 * is a `TypeError` or a `RangeError`.
 */
export class Context {
  readonly #conversation: RemoteConversation;
  readonly #mutexes: Mutexes;
  #autoCompaction?: AutoCompaction;

  /** Made by `client.context(id)`. */
  constructor(conversation: RemoteConversation, mutexes: Mutexes) {
    this.#conversation = conversation;
    this.#mutexes = mutexes;
  }

  get id(): string {
    return this.#conversation.id;
  }

  /**
   * Appends one event, or a whole turn of at most 100, all of it or none. It resolves when that is durable. Retries are safe:
   * they carry one idempotency key.
   *
   * @throws ConflictError the conversation is not at `ifVersion`, or the key was used for something else
   */
  append(event: EventInput | EventLike, options?: AppendOptions): Promise<AppendResult>;
  append(events: readonly (EventInput | EventLike)[], options?: AppendOptions): Promise<TurnResult>;
  async append(
    given: EventInput | EventLike | readonly (EventInput | EventLike)[],
    options: AppendOptions = {},
  ): Promise<AppendResult | TurnResult> {
    return isTurn(given)
      ? appendTurn(this.#conversation, given, options)
      : appendEvent(this.#conversation, given, options);
  }

  /**
   * What goes to the model: the slice of the conversation that fits its budget. It is compacted before, if it needs it and there
   * is a handler.
   *
   * @throws ConflictError the conversation is not at `ifVersion`
   */
  async window(options: WindowOptions = {}): Promise<Window> {
    const window = await this.#conversation.window(options);
    return window.needsCompaction && this.#autoCompaction
      ? this.#autoCompaction.apply(this.#conversation, window, options)
      : window;
  }

  /**
   * Replaces a range, or with `messages` everything there is, for the model only; the log stays whole. It is sent again only if
   * it has surely not been carried out.
   *
   * @throws ConflictError the conversation is not at `ifVersion`; InvalidRequestError the range cuts through a compaction
   */
  async compact(compaction: RangeCompaction | WholeCompaction): Promise<CompactResult> {
    return compact(this.#conversation, compaction);
  }

  /** The log, ascending, up to where it ends when this begins. Pages are read as the iteration gets there. */
  replay(options: ReplayOptions = {}): AsyncGenerator<LoggedEvent, void, undefined> {
    checkReplayOptions(options);
    return replay(this.#conversation, options);
  }

  /**
   * What happens in the conversation, each change once and in order, whatever happens to the connection. It ends with a
   * `tombstoned` change, when the signal is aborted, or when you leave the loop.
   */
  watch(options: WatchOptions = {}): AsyncIterableIterator<Change> {
    return watch(this.#conversation, options);
  }

  /**
   * Sends the window to a model, relays its answer, and appends it when it is complete.
   *
   * @param handler gets the messages, and calls the model
   */
  stream<Result>(handler: StreamHandler<Result>, options?: StreamOptions): ContextStream<Result> {
    return startStream(this, handler, options);
  }

  /**
   * Has windows that need it compacted before they are returned, by this process; other readers wait until the handler is done. If
   * the handler reads the window itself it gets it as it is; in a runtime without `AsyncLocalStorage` it would wait for itself.
   *
   * @returns this context
   */
  autoCompact(handler: AutoCompact, options: AutoCompactOptions = {}): this {
    this.#autoCompaction = new AutoCompaction(this.#mutexes, handler, options);
    return this;
  }

  /** Merges into the conversation's metadata; a key set to null goes. The version stays. */
  async metadata(patch: Record<string, unknown>): Promise<Conversation> {
    const record = await this.#conversation.request({
      method: 'PATCH',
      path: '/metadata',
      body: { metadata: patch },
      repeatable: 'always',
    });
    return fromWireConversation(record as WireConversation);
  }

  /** The record: budget, policy, metadata, version. Of a deleted conversation, too. */
  async get(): Promise<Conversation> {
    return this.#conversation.get();
  }

  /** Leaves a tombstone: the conversation can be read from then on, never written again. */
  async delete(): Promise<void> {
    await this.#conversation.request({ method: 'DELETE', repeatable: 'always' });
  }
}

function isTurn(
  given: EventInput | EventLike | readonly (EventInput | EventLike)[],
): given is readonly (EventInput | EventLike)[] {
  return Array.isArray(given);
}
