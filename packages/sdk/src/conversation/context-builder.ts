import { kindOf, requireInteger } from '../arguments.js';
import { Context } from './context.js';
import type { RemoteConversation } from './remote-conversation.js';
import type { Mutexes } from './keyed-mutex.js';
import { checkReplayOptions } from './replay.js';
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
  Policy,
  RangeCompaction,
  ReplayOptions,
  TurnResult,
  WatchOptions,
  WholeCompaction,
  Window,
  WindowOptions,
} from '../types.js';
import { watch } from '../watch/watch.js';
import type { WireConversationSettings } from '../wire/types.js';

interface Settings {
  record: WireConversationSettings;
  autoCompact?: { handler: AutoCompact; options?: AutoCompactOptions };
}

/**
 * A conversation and the settings it is to have. Awaiting it gives its `Context`, and sends the settings that were given, if any:
 * the conversation is made, or these fields of it are changed, its log is not. Each setting gives a new builder; one builder
 * sends its settings once, however often it is awaited. The methods of a `Context` can be called on it directly, except that
 * `metadata` is a setting here.
 */
export class ContextBuilder implements PromiseLike<Context> {
  readonly #conversation: RemoteConversation;
  readonly #mutexes: Mutexes;
  readonly #settings: Settings;
  #context?: Promise<Context>;

  /** Made by `client.context(id)`. */
  constructor(conversation: RemoteConversation, mutexes: Mutexes, settings: Settings = { record: {} }) {
    this.#conversation = conversation;
    this.#mutexes = mutexes;
    this.#settings = settings;
  }

  get id(): string {
    return this.#conversation.id;
  }

  /** Most tokens a window may have, from 1; required for a new conversation. @throws RangeError */
  budget(tokens: number): ContextBuilder {
    requireInteger('budget', tokens, 1);
    return this.#with({ token_budget: tokens });
  }

  /** Share of the budget above which a window needs compaction: above 0, at most 1; 0.7 in a new conversation. @throws RangeError */
  trigger(ratio: number): ContextBuilder {
    if (typeof ratio !== 'number' || !(ratio > 0 && ratio <= 1)) {
      throw new RangeError(`trigger must be a share above 0 and at most 1, not ${String(ratio)}`);
    }
    return this.#with({ trigger_ratio: ratio });
  }

  /** How the window is chosen; `last_n` with a limit of 200 in a new conversation. @throws TypeError */
  policy(policy: Policy): ContextBuilder {
    if (typeof (policy as Partial<Policy> | undefined)?.strategy !== 'string') {
      throw new TypeError("policy takes a strategy, such as { strategy: 'last_n', config: { limit: 400 } }");
    }
    return this.#with({ policy });
  }

  /** The conversation's metadata, replaced whole; at most 64 KiB as JSON. @throws TypeError */
  metadata(metadata: Record<string, unknown>): ContextBuilder {
    if (kindOf(metadata) !== 'object')
      throw new TypeError(`metadata takes an object, not ${kindOf(metadata)}`);
    return this.#with({ metadata });
  }

  /** As `Context.autoCompact`; it stays in this process and sends nothing. */
  autoCompact(handler: AutoCompact, options?: AutoCompactOptions): ContextBuilder {
    const settings = { ...this.#settings, autoCompact: { handler, options } };
    return new ContextBuilder(this.#conversation, this.#mutexes, settings);
  }

  then<Result = Context, Failure = never>(
    onfulfilled?: ((context: Context) => Result | PromiseLike<Result>) | null,
    onrejected?: ((error: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    return this.#resolve().then(onfulfilled, onrejected);
  }

  catch<Failure = never>(
    onrejected?: ((error: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Context | Failure> {
    return this.#resolve().catch(onrejected);
  }

  finally(onfinally?: (() => void) | null): Promise<Context> {
    return this.#resolve().finally(onfinally);
  }

  append(event: EventInput | EventLike, options?: AppendOptions): Promise<AppendResult>;
  append(events: readonly (EventInput | EventLike)[], options?: AppendOptions): Promise<TurnResult>;
  async append(
    given: EventInput | EventLike | readonly (EventInput | EventLike)[],
    options?: AppendOptions,
  ): Promise<AppendResult | TurnResult> {
    return (await this).append(given as EventInput, options);
  }

  async window(options?: WindowOptions): Promise<Window> {
    return (await this).window(options);
  }

  async compact(compaction: RangeCompaction | WholeCompaction): Promise<CompactResult> {
    return (await this).compact(compaction);
  }

  replay(options: ReplayOptions = {}): AsyncGenerator<LoggedEvent, void, undefined> {
    checkReplayOptions(options);
    return this.#replay(options);
  }

  watch(options: WatchOptions = {}): AsyncIterableIterator<Change> {
    return watch(this.#conversation, options, () => this.#resolve());
  }

  stream<Result>(handler: StreamHandler<Result>, options?: StreamOptions): ContextStream<Result> {
    return startStream(this, handler, options);
  }

  async get(): Promise<Conversation> {
    return (await this).get();
  }

  async delete(): Promise<void> {
    return (await this).delete();
  }

  async *#replay(options: ReplayOptions): AsyncGenerator<LoggedEvent, void, undefined> {
    yield* (await this).replay(options);
  }

  #with(record: WireConversationSettings): ContextBuilder {
    const settings = { ...this.#settings, record: { ...this.#settings.record, ...record } };
    return new ContextBuilder(this.#conversation, this.#mutexes, settings);
  }

  #resolve(): Promise<Context> {
    this.#context ??= this.#apply().catch((error: unknown) => {
      this.#context = undefined; // what failed is tried again when it is awaited again
      throw error;
    });
    return this.#context;
  }

  async #apply(): Promise<Context> {
    const { record, autoCompact } = this.#settings;
    if (Object.keys(record).length > 0) await this.#conversation.put(record);
    const context = new Context(this.#conversation, this.#mutexes);
    return autoCompact ? context.autoCompact(autoCompact.handler, autoCompact.options) : context;
  }
}
