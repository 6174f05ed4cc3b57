import type { AgentInputItem, Session } from '@openai/agents';
import { toEvent, toItems } from './events.js';
import { validPairs } from './paired-items.js';
import { Transcript, type Conversation, type StoredMessage } from './transcript.js';

const SOURCES: readonly unknown[] = ['window', 'log'];

export interface SessionOptions {
  /** The conversation, with the budget and the policy it is to have: `fastpaca.context(id).budget(100_000)`. */
  context: Conversation;
  /**
   * What `getItems` reads: the window, which fits the budget, or everything ever added, to show or to audit it. The log has what was
   * taken out as well, and nothing can be taken out of it. Default `window`.
   */
  source?: 'window' | 'log';
}

/**
 * A session of the OpenAI Agents SDK that keeps its items in a conversation, and gives an agent what fits the token budget.
 *
 * The log is append-only: `popItem` and `clearSession` are compactions, which replace what they take out by a part of the type
 * `withdrawn`. The model and this session do not see it any more; the log (`context.replay()`) has it still.
 */
export class FastpacaSession implements Session {
  readonly #id: string;
  readonly #transcript: Transcript;
  readonly #source: 'window' | 'log';

  /** @throws TypeError there is no context, or no such source */
  constructor({ context, source = 'window' }: SessionOptions) {
    if (typeof (context as Partial<Conversation> | undefined)?.window !== 'function') {
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
   * The newest items, oldest first; also what others appended, and summaries. A call of a tool and its result are among them only
   * together, except calls at the very end, which still wait.
   *
   * @param limit at most so many; all that the source has, without it
   * @throws NotFoundError the conversation does not exist and no budget was given to make it with
   */
  async getItems(limit?: number): Promise<AgentInputItem[]> {
    if (limit !== undefined && limit <= 0) return [];
    const messages =
      this.#source === 'window' ? await this.#transcript.window() : await this.#transcript.log();
    const entries = entriesOf(messages);
    return validPairs(limit === undefined ? entries : entries.slice(-limit)).map(({ item }) => item);
  }

  /**
   * Stores the items, as JSON, all of them or none; more than 100 in turns of 100, one after the other.
   *
   * @throws FastpacaError with the turns before the one that failed stored
   */
  async addItems(items: AgentInputItem[]): Promise<void> {
    await this.#transcript.append(items.map(toEvent));
  }

  /**
   * Takes out the newest item, for the model and this session only; the log keeps it.
   *
   * @returns the item; undefined if there is none
   * @throws ConflictError the conversation changes faster than this can read it; TypeError with the source `log`
   */
  async popItem(): Promise<AgentInputItem | undefined> {
    this.#requireWindow();
    return this.#transcript.replace((messages) => {
      const last = validPairs(entriesOf(messages)).at(-1);
      if (!last) return undefined;
      const others = toItems(last.message).filter((_, index) => index !== last.index);
      return { target: last.message, events: others.map(toEvent), result: last.item };
    });
  }

  /**
   * Takes out everything, for the model and this session only; the log keeps it.
   *
   * @throws ConflictError the conversation changes faster than this can read it; TypeError with the source `log`
   */
  async clearSession(): Promise<void> {
    this.#requireWindow();
    await this.#transcript.clear();
  }

  #requireWindow(): void {
    if (this.#source === 'window') return;
    throw new TypeError("Nothing can be taken out of the log; use a session with source: 'window'");
  }
}

interface Entry {
  item: AgentInputItem;
  message: StoredMessage;
  /** Which of the message's items. */
  index: number;
}

function entriesOf(messages: readonly StoredMessage[]): Entry[] {
  return messages.flatMap((message) => toItems(message).map((item, index) => ({ item, message, index })));
}
