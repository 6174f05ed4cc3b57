import { describeType, requireInteger } from '../arguments.js';
import type { AutoCompact, AutoCompactOptions, Policy } from '../types.js';
import type { WireConversationSettings } from '../wire/types.js';
import { AutoCompaction } from './auto-compaction.js';
import { ContextOperations, type ContextState } from './context-operations.js';
import { Context } from './context.js';

/**
 * A conversation and its settings. Awaiting the builder sends the settings, if there are any, and returns a `Context`: the
 * conversation is created, or these fields of it are updated. The log does not change.
 *
 * Each setting returns a new builder. A builder sends its settings once, however often it is awaited. The methods of a `Context` can
 * be called on a builder directly, except that `metadata` is a setting here.
 */
export class ContextBuilder extends ContextOperations implements PromiseLike<Context> {
  readonly #state: ContextState;
  readonly #settings: WireConversationSettings;
  #context?: Promise<Context>;

  constructor(state: ContextState, settings: WireConversationSettings = {}) {
    super(state);
    this.#state = state;
    this.#settings = settings;
  }

  /** Most tokens of a window, from 1. Required for a new conversation. @throws RangeError */
  budget(tokens: number): ContextBuilder {
    requireInteger('budget', tokens, 1);
    return this.#with({ token_budget: tokens });
  }

  /**
   * Selects how the tokens of the conversation are counted, for example `claude-opus-5`. It can be replaced, but not removed. Messages
   * that are stored keep their count. @throws TypeError
   */
  model(name: string): ContextBuilder {
    if (typeof name !== 'string') throw new TypeError(`model must be a string, not ${describeType(name)}`);
    return this.#with({ model: name });
  }

  /** Tokens of the budget that windows leave free, for system prompt, tools and answer; less than the budget. A new conversation has 0. @throws RangeError */
  reserve(tokens: number): ContextBuilder {
    requireInteger('reserve', tokens, 0);
    return this.#with({ reserve_tokens: tokens });
  }

  /** Erases the conversation so many seconds after its last change; 0 for never, as in a new conversation. @throws RangeError */
  ttl(seconds: number): ContextBuilder {
    requireInteger('ttl', seconds, 0);
    return this.#with({ ttl_seconds: seconds });
  }

  /** Fraction of the budget above which a window needs compaction: above 0, at most 1. A new conversation has 0.7. @throws RangeError */
  trigger(ratio: number): ContextBuilder {
    if (typeof ratio !== 'number' || !(ratio > 0 && ratio <= 1)) {
      throw new RangeError(`trigger must be a number above 0 and at most 1, not ${String(ratio)}`);
    }
    return this.#with({ trigger_ratio: ratio });
  }

  /** How windows are selected. A new conversation has `last_n` with a limit of 200. @throws TypeError */
  policy(policy: Policy): ContextBuilder {
    if (typeof (policy as Partial<Policy> | undefined)?.strategy !== 'string') {
      throw new TypeError(
        "policy needs a strategy, for example { strategy: 'last_n', config: { limit: 400 } }",
      );
    }
    return this.#with({ policy });
  }

  /** Replaces the conversation's metadata; at most 64 KiB as JSON. @throws TypeError */
  metadata(metadata: Record<string, unknown>): ContextBuilder {
    if (describeType(metadata) !== 'object') {
      throw new TypeError(`metadata must be an object, not ${describeType(metadata)}`);
    }
    return this.#with({ metadata });
  }

  /** As `Context.autoCompact`. Sends nothing to the service. */
  autoCompact(handler: AutoCompact, options: AutoCompactOptions = {}): ContextBuilder {
    const autoCompaction = new AutoCompaction(this.#state.compactionMutex, handler, options);
    return new ContextBuilder({ ...this.#state, autoCompaction }, this.#settings);
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

  protected async prepare(): Promise<void> {
    await this.#resolve();
  }

  #with(settings: WireConversationSettings): ContextBuilder {
    return new ContextBuilder({ ...this.#state }, { ...this.#settings, ...settings });
  }

  #resolve(): Promise<Context> {
    this.#context ??= this.#sendSettings().catch((error: unknown) => {
      this.#context = undefined; // the next await tries again
      throw error;
    });
    return this.#context;
  }

  async #sendSettings(): Promise<Context> {
    if (Object.keys(this.#settings).length > 0) await this.#state.conversation.put(this.#settings);
    return new Context(this.#state);
  }
}
