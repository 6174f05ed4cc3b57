import type { AgentInputItem, Session } from '@openai/agents';
import { toEntries } from './entries.js';
import { keepCompleteGroups } from './item-groups.js';
import { toEvent } from './stored-items.js';
import { Transcript, type SessionContext } from './transcript.js';

const SOURCES: readonly unknown[] = ['window', 'log'];

export interface SessionOptions {
  /** The conversation with its budget and policy, for example `fastpaca.context(id).budget(100_000)`. */
  context: SessionContext;
  /**
   * What `getItems` reads: the window, which fits the budget, or the whole log, for display or an audit. The log contains removed items,
   * too, and nothing can be removed from it. Default `window`.
   */
  source?: 'window' | 'log';
}

/**
 * A session of the OpenAI Agents SDK that stores its items in a conversation. An agent receives what fits the token budget.
 *
 * The log is append-only. `popItem` and `clearSession` withdraw the removed items: the model and this session no longer see them, but the
 * log (`context.replay()`) still contains them.
 */
export class FastpacaSession implements Session {
  readonly #id: string;
  readonly #transcript: Transcript;
  readonly #source: 'window' | 'log';

  /** @throws TypeError the context is missing or the source is unknown */
  constructor({ context, source = 'window' }: SessionOptions) {
    if (typeof (context as Partial<SessionContext> | undefined)?.window !== 'function') {
      throw new TypeError("A session needs a context: { context: fastpaca.context('chat-1').budget(8000) }");
    }
    if (!SOURCES.includes(source)) {
      throw new TypeError(`source must be one of ${SOURCES.join(', ')}, not ${JSON.stringify(source)}`);
    }
    this.#id = context.id;
    this.#transcript = new Transcript(context);
    this.#source = source;
  }

  /** The conversation's id. */
  getSessionId(): Promise<string> {
    return Promise.resolve(this.#id);
  }

  /**
   * The newest items, oldest first, including summaries and what was appended in other ways. They are what OpenAI accepts: a tool call
   * without a result receives one that says so, except at the end, where the result may still follow; a result without its call is left
   * out, and so are reasoning and ids that need an item which is not there.
   *
   * @param limit most items to return; all if omitted. It cuts nothing that belongs together, so there may be fewer
   * @throws NotFoundError the conversation does not exist and the context has no budget to create it with
   */
  async getItems(limit?: number): Promise<AgentInputItem[]> {
    if (limit !== undefined && limit <= 0) return [];
    const messages =
      this.#source === 'window' ? await this.#transcript.window() : await this.#transcript.log();
    const entries = toEntries(messages);
    return keepCompleteGroups(limit === undefined ? entries : entries.slice(-limit));
  }

  /**
   * Stores the items as JSON. Up to 100 items are stored all or none; more are stored in turns of 100.
   *
   * @throws FastpacaError the turns before the failed one stay stored
   */
  async addItems(items: AgentInputItem[]): Promise<void> {
    await this.#transcript.append(items.map(toEvent));
  }

  /**
   * Removes the newest item for the model and this session. The log keeps it.
   *
   * @returns the item; undefined if the session is empty
   * @throws ConflictError the conversation changed during every attempt; TypeError the source is `log`
   */
  async popItem(): Promise<AgentInputItem | undefined> {
    this.#requireWindow();
    return this.#transcript.replace((messages) => {
      const entries = toEntries(messages).filter(({ isAdded }) => !isAdded);
      const last = entries.at(-1);
      const target = last && messages[last.index];
      if (!target) return undefined;
      const others = entries.filter((entry) => entry.index === last.index && entry !== last);
      return { target, events: others.map(({ item }) => toEvent(item)), result: last.stored ?? last.item };
    });
  }

  /**
   * Removes all items for the model and this session. The log keeps them.
   *
   * @throws ConflictError the conversation changed during every attempt; TypeError the source is `log`
   */
  async clearSession(): Promise<void> {
    this.#requireWindow();
    await this.#transcript.clear();
  }

  #requireWindow(): void {
    if (this.#source === 'window') return;
    throw new TypeError("Nothing can be removed from the log; use a session with source: 'window'");
  }
}
