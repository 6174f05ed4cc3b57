import { BaseListChatMessageHistory } from '@langchain/core/chat_history';
import type { BaseMessage } from '@langchain/core/messages';
import { appendInTurns } from '../conversation/append.js';
import type { Context } from '../conversation/context.js';
import { toEvent, toMessage, type StoredEvent } from './events.js';
import { keepPairedMessages } from './paired-messages.js';

export interface ChatMessageHistoryOptions {
  /** The conversation with its budget and policy, for example `fastpaca.context(id).budget(8000)`. */
  context: Pick<Context, 'append' | 'window' | 'compact' | 'replay'>;
  /** What `getMessages` reads: the window, which fits the budget, or the whole log. Default `window`. */
  source?: 'window' | 'log';
}

/**
 * A LangChain chat message history that is stored in a Fastpaca conversation. Messages are returned as they were added. Events that were
 * appended in other ways become the most similar message, and summaries become system messages.
 *
 * The log is append-only, so `clear` deletes nothing: it is a compaction of the whole conversation. This class no longer returns the
 * messages before it, but the log still contains them.
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
   * The messages, oldest first. Tool calls and results are returned only in pairs, as providers require, except for calls at the end,
   * whose results may still follow.
   *
   * @throws NotFoundError the conversation does not exist and the context has no budget to create it with
   */
  override async getMessages(): Promise<BaseMessage[]> {
    const events =
      this.#source === 'window' ? (await this.#context.window()).messages : await this.#readLog();
    return keepPairedMessages(events.filter((event) => !isClearMarker(event)).map(toMessage));
  }

  override addMessage(message: BaseMessage): Promise<void> {
    return this.addMessages([message]);
  }

  /** Appends the messages in order. Up to 100 messages are appended all or none; more are appended in turns of 100. */
  override async addMessages(messages: BaseMessage[]): Promise<void> {
    await appendInTurns(this.#context, messages.map(toEvent));
  }

  override async clear(): Promise<void> {
    const { messages, version } = await this.#context.window();
    if (version === 0 || (messages.length > 0 && messages.every(isClearMarker))) return;
    const text = 'The conversation before this point was cleared.';
    await this.#context.compact({
      messages: [{ role: 'system', content: text, metadata: { langchain_cleared: true } }],
    });
  }

  /** The log after the last `clear`. */
  async #readLog(): Promise<StoredEvent[]> {
    const { messages } = await this.#context.window();
    const marker = messages.findLast(isClearMarker);
    const events: StoredEvent[] = [];
    for await (const event of this.#context.replay({ fromSeq: (marker?.toSeq ?? 0) + 1 })) {
      events.push(event);
    }
    return events;
  }
}

function isClearMarker({ metadata }: StoredEvent): boolean {
  return metadata?.langchain_cleared === true;
}
