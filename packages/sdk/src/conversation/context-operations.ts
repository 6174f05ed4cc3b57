import {
  startStream,
  type ContextStream,
  type StreamHandler,
  type StreamOptions,
} from '../model-answer/context-stream.js';
import type { Format } from '../prompts.js';
import type {
  AppendOptions,
  AppendResult,
  Change,
  Compaction,
  CompactResult,
  Conversation,
  ErasureReceipt,
  EventInput,
  EventLike,
  LoggedEvent,
  PromptWindow,
  PromptWindowOptions,
  RangeCompaction,
  AppendNewestOptions,
  RegenerateOptions,
  ReplayOptions,
  TurnResult,
  UIMessagesOptions,
  UndoOptions,
  WatchOptions,
  WholeCompaction,
  Window,
  WindowOptions,
  WindowPreview,
  Withdrawal,
} from '../types.js';
import { watch } from '../watch/watch.js';
import { appendEvent, appendTurn } from './append.js';
import type { AutoCompaction } from './auto-compaction.js';
import { compact } from './compact.js';
import { listCompactions, undo } from './compactions.js';
import type { KeyedMutex } from './keyed-mutex.js';
import type { RemoteConversation } from '../http/remote-conversation.js';
import { appendNewest } from './newest-message.js';
import { replay } from './replay.js';
import { readUIMessages, type UIMessage } from './ui-messages.js';
import { regenerate, withdraw } from './withdraw.js';

type Event = EventInput | EventLike;

/** What a context shares with the builder that created it. */
export interface ContextState {
  readonly conversation: RemoteConversation;
  /** Lets one auto-compaction run at a time per conversation. */
  readonly compactionMutex: KeyedMutex;
  autoCompaction?: AutoCompaction;
}

/**
 * What can be done with a conversation, on a `Context` or on its builder.
 *
 * Every method throws `FastpacaError`: `NotFoundError` if the conversation does not exist, `ConflictError` if it was deleted and the
 * method changes it, `GoneError` if it was erased, `ConnectionError` if the service cannot be reached. Invalid arguments are a `TypeError` or a `RangeError`.
 */
export abstract class ContextOperations {
  readonly #state: ContextState;

  constructor(state: ContextState) {
    this.#state = state;
  }

  /** Runs before the first request of each operation. */
  protected abstract prepare(): Promise<void>;

  get id(): string {
    return this.#state.conversation.id;
  }

  /**
   * Appends one event, or a turn of at most 100 events: all of them or none. Resolves when the events are durable. Retries are safe,
   * because all attempts of a call share one idempotency key.
   *
   * @throws ConflictError the conversation is not at `ifVersion`, or the key was used with other content
   */
  append(event: Event, options?: AppendOptions): Promise<AppendResult>;
  append(events: readonly Event[], options?: AppendOptions): Promise<TurnResult>;
  async append(
    events: Event | readonly Event[],
    options: AppendOptions = {},
  ): Promise<AppendResult | TurnResult> {
    await this.prepare();
    return isTurn(events)
      ? appendTurn(this.#state.conversation, events, options)
      : appendEvent(this.#state.conversation, events, options);
  }

  /**
   * Appends what a request of the AI SDK's `useChat` adds to the conversation: the newest message of the user, the responses of the user
   * to approvals, or the results of tools that run in the browser. Everything else in the request is ignored: the log has it, and a
   * browser could have changed it. Sending the same message twice appends it once.
   *
   * @param messages the `messages` of the request
   * @param options pass the `messageId` of the request, so that the user can edit a message
   * @returns null if the request adds nothing
   * @throws TypeError not the messages of `useChat`; ConflictError the message of the user was appended with other content
   */
  async appendNewest(messages: unknown, options: AppendNewestOptions = {}): Promise<AppendResult | null> {
    await this.prepare();
    return appendNewest(this.#state.conversation, messages, options);
  }

  /**
   * Reads the log as `UIMessage`s of the AI SDK, to load a history into `useChat`. Withdrawn events are left out; other compactions do
   * not change it.
   *
   * @see toUIMessages
   */
  async uiMessages(options: UIMessagesOptions = {}): Promise<UIMessage[]> {
    await this.prepare();
    return readUIMessages(this.#state.conversation, options);
  }

  /**
   * Reads the window: the part of the conversation that fits its token budget. If it needs compaction and there is an `autoCompact`
   * handler, it is compacted first. A window of a past version (`atVersion`) is not compacted.
   *
   * With a `format`, the window has a `prompt` for the call of a provider: `openai-chat`, `openai-responses`, `anthropic`, `gemini` or
   * `ai-sdk`. With `cache`, the prompt is prepared for the prompt cache of Anthropic or OpenAI.
   *
   * @throws ConflictError the conversation is not at `ifVersion`; with a `format`, WindowOverflowError the newest messages do not fit
   * the budget
   */
  window(options?: WindowOptions & { format?: undefined }): Promise<Window>;
  window<F extends Format>(options: PromptWindowOptions<F>): Promise<PromptWindow<F>>;
  async window({
    format,
    cache,
    ...options
  }: WindowOptions & { format?: Format | undefined; cache?: boolean | undefined } = {}): Promise<
    Window | PromptWindow
  > {
    await this.prepare();
    const { conversation } = this.#state;
    if (format === undefined) return this.#compacted(await conversation.window(options), options);
    const window = await conversation.promptWindow(format, { ...options, cache });
    const isCurrent = options.atVersion === undefined;
    if (!window.needsCompaction || !this.#state.autoCompaction || !isCurrent) return window;
    await this.#compacted(await conversation.window(options), options);
    // `ifVersion` was checked above. Compacting changes the version.
    return conversation.promptWindow(format, { ...options, cache, ifVersion: undefined });
  }

  /**
   * Computes the window that the conversation would have with other settings or another compaction. Nothing is stored, and
   * `autoCompact` is not called. The options are those of `window`; a preview whose newest messages do not fit has `overflow`.
   *
   * @throws ConflictError the conversation is not at `ifVersion`; InvalidRequestError the settings or the range are invalid
   */
  previewWindow(preview: WindowPreview, options?: WindowOptions & { format?: undefined }): Promise<Window>;
  previewWindow<F extends Format>(
    preview: WindowPreview,
    options: PromptWindowOptions<F>,
  ): Promise<PromptWindow<F>>;
  async previewWindow(
    preview: WindowPreview,
    options: WindowOptions & { format?: Format | undefined; cache?: boolean | undefined } = {},
  ): Promise<Window | PromptWindow> {
    await this.prepare();
    return this.#state.conversation.previewWindow(preview, options);
  }

  /**
   * Replaces a range, or with `messages` the whole conversation, for the model only: the log is untouched. Retried only if the
   * service has certainly not processed the request.
   *
   * @throws ConflictError the conversation is not at `ifVersion`; InvalidRequestError the range contains only a part of a summary
   */
  async compact(compaction: RangeCompaction | WholeCompaction): Promise<CompactResult> {
    await this.prepare();
    return compact(this.#state.conversation, compaction);
  }

  /**
   * Takes events out of the windows, for example a message that the user edits, with everything after it. The log keeps them, and marks
   * them with `withdrawnAtVersion`. Retried only if the service has certainly not processed the request.
   *
   * @throws ConflictError the conversation is not at `ifVersion`; InvalidRequestError the range contains only a part of a summary, or
   * reaches outside the log
   */
  async withdraw(withdrawal: Withdrawal): Promise<CompactResult> {
    await this.prepare();
    return withdraw(this.#state.conversation, withdrawal);
  }

  /**
   * Withdraws the newest answer, that is everything after the newest message of the user, so that another one can be streamed. With
   * `messageId` it is the answer with this id in `uiMessages`, or the answer to the message of the user with this id, and everything
   * after it.
   *
   * @returns null if there is nothing to withdraw
   * @throws ConflictError the conversation changed during every attempt; InvalidRequestError a summary covers a part of the answer
   */
  async regenerate(options: RegenerateOptions = {}): Promise<CompactResult | null> {
    await this.prepare();
    return regenerate(this.#state.conversation, options);
  }

  /** Lists the compactions and withdrawals, active and past ones, newest first. Each page is read when the iteration reaches it. */
  compactions(): AsyncGenerator<Compaction, void, undefined> {
    return listCompactions(this.#state.conversation, () => this.prepare());
  }

  /**
   * Undoes a compaction or a withdrawal: what it has replaced is back. Retried only if the service has certainly not processed the request.
   *
   * @param version of the compaction
   * @returns the version of the conversation after the undo
   * @throws ConflictError the compaction is no longer active, or the conversation is not at `ifVersion`; NotFoundError there is no such
   * compaction
   */
  async undo(version: number, options: UndoOptions = {}): Promise<{ version: number }> {
    await this.prepare();
    return undo(this.#state.conversation, version, options);
  }

  /** Reads the log in ascending order, up to where it ends when the iteration begins. Each page is read when the iteration reaches it. */
  replay(options: ReplayOptions = {}): AsyncGenerator<LoggedEvent, void, undefined> {
    return replay(this.#state.conversation, options, () => this.prepare());
  }

  /**
   * Follows the conversation: each change once and in order, over as many connections as necessary. Ends with a `tombstoned` change,
   * when the signal is aborted, or when you leave the loop.
   */
  watch(options: WatchOptions = {}): AsyncIterableIterator<Change> {
    return watch(this.#state.conversation, options, () => this.prepare());
  }

  /**
   * Sends the window to a model, streams its answer, and appends the answer when it is complete.
   *
   * @param handler receives the messages and calls the model
   */
  stream<Result>(handler: StreamHandler<Result>, options?: StreamOptions): ContextStream<Result> {
    return startStream(this, handler, options);
  }

  /** @returns the window after an auto-compaction, if it needs one and there is a handler */
  async #compacted(window: Window, options: WindowOptions): Promise<Window> {
    const { conversation, autoCompaction } = this.#state;
    return window.needsCompaction && autoCompaction && options.atVersion === undefined
      ? autoCompaction.apply(conversation, window, options)
      : window;
  }

  /** Reads the record: budget, policy, metadata, version. Deleted conversations have a record, too. */
  async get(): Promise<Conversation> {
    await this.prepare();
    return this.#state.conversation.get();
  }

  /** Deletes the conversation. It stays readable and can never be written again. */
  async delete(): Promise<void> {
    await this.prepare();
    await this.#state.conversation.delete();
  }

  /**
   * Erases the conversation: its texts are deleted for good, also those of a deleted conversation. Its id cannot be used again. May be
   * called again, and returns the same receipt. Needs a key with the scope `conversations:erase`. Sends no settings.
   *
   * @throws UnavailableError a long conversation is erased, but its texts are still being deleted: call it again for the receipt
   */
  erase(): Promise<ErasureReceipt> {
    return this.#state.conversation.erase();
  }
}

function isTurn(events: Event | readonly Event[]): events is readonly Event[] {
  return Array.isArray(events);
}
