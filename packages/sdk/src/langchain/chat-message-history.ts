import type { WindowEvent } from '@fastpaca/messages';
import { BaseListChatMessageHistory } from '@langchain/core/chat_history';
import type { BaseMessage } from '@langchain/core/messages';
import type { WindowMessage } from '../window-types.js';
import { appendInTurns } from '../conversation/append.js';
import type { Context } from '../conversation/context.js';
import { toEvent } from './stored-message.js';
import { toMessages } from './to-messages.js';

export interface ChatMessageHistoryOptions {
  /** The conversation with its budget and policy, for example `fastpaca.context(id).budget(8000)`. */
  context: Pick<Context, 'append' | 'window' | 'withdraw' | 'replay'>;
  /** What `getMessages` reads: the window, which fits the budget, or the whole log. Default `window`. */
  source?: 'window' | 'log';
}

/**
 * A LangChain chat message history that is stored in a Fastpaca conversation. Messages are returned as they were added. Events that were
 * appended in other ways become the most similar message, and summaries become system messages.
 *
 * The log is append-only, so `clear` deletes nothing: it withdraws the whole conversation. This class and the windows no longer return
 * the messages before it, but the log still contains them.
 */
export class FastpacaChatMessageHistory extends BaseListChatMessageHistory {
  override lc_namespace = ['fastpaca', 'langchain'];
  readonly #context: ChatMessageHistoryOptions['context'];
  readonly #source: 'window' | 'log';

  constructor({ context, source = 'window' }: ChatMessageHistoryOptions) {
    super();
    this.#context = context;
    this.#source = source;
  }

  /**
   * The messages, oldest first, such that OpenAI and Anthropic accept them before a message of the user: every tool call directly
   * precedes its results. A result without its call is left out. A call without a result receives a tool message that says so, with
   * `metadata.synthetic`; it is not stored, and a result that is added later takes its place.
   *
   * @throws NotFoundError the conversation does not exist and the context has no budget to create it with
   */
  override async getMessages(): Promise<BaseMessage[]> {
    return toMessages(this.#source === 'window' ? await this.#readWindow() : await this.#readLog());
  }

  override addMessage(message: BaseMessage): Promise<void> {
    return this.addMessages([message]);
  }

  /** Appends the messages in order. Up to 100 messages are appended all or none; more are appended in turns of 100. */
  override async addMessages(messages: BaseMessage[]): Promise<void> {
    await appendInTurns(this.#context, messages.map(toEvent));
  }

  override async clear(): Promise<void> {
    const { messages } = await this.#context.window();
    if (messages.length > 0 || (await this.#hasEvents())) await this.#context.withdraw({ fromSeq: 1 });
  }

  /** Whether there is an event that is not withdrawn. A policy or the budget may leave it out of the window. */
  async #hasEvents(): Promise<boolean> {
    for await (const _event of this.#context.replay({ withdrawn: 'exclude' })) return true;
    return false;
  }

  async #readWindow(): Promise<WindowEvent[]> {
    const { messages } = await this.#context.window();
    return afterClear(messages).messages.map((message): WindowEvent => {
      const { seq, fromSeq, toSeq } = message;
      const isSummary = fromSeq !== undefined && toSeq !== undefined;
      return { seq, event: { ...message }, ...(isSummary && { summary: { fromSeq, toSeq } }) };
    });
  }

  /** The log without withdrawn events. */
  async #readLog(): Promise<WindowEvent[]> {
    const { messages } = await this.#context.window();
    const events: WindowEvent[] = [];
    const fromSeq = afterClear(messages).clearedSeq + 1;
    for await (const event of this.#context.replay({ fromSeq, withdrawn: 'exclude' })) {
      events.push({ seq: event.seq, event });
    }
    return events;
  }
}

/**
 * Earlier versions have cleared a conversation with a summary that says so: the messages after it, and the last seq that it has cleared.
 * Pinned messages before it stay in the window.
 */
function afterClear(messages: readonly WindowMessage[]): { clearedSeq: number; messages: WindowMessage[] } {
  const clearedSeq = messages.findLast(isClearMarker)?.toSeq ?? 0;
  return { clearedSeq, messages: messages.filter(({ seq }) => seq > clearedSeq) };
}

function isClearMarker({ metadata }: { metadata?: Record<string, unknown> }): boolean {
  return metadata?.langchain_cleared === true;
}
