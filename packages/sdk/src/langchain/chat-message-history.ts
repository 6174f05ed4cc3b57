import { BaseListChatMessageHistory } from '@langchain/core/chat_history';
import { AIMessage, ToolMessage, type BaseMessage } from '@langchain/core/messages';
import type { Context } from '../conversation/context.js';
import { toEvent, toMessage, type StoredEvent } from './stored-message.js';

/** Most messages of one turn. */
const MAX_TURN = 100;

export interface ChatMessageHistoryOptions {
  /** The conversation, with the budget and the policy it is to have: `fastpaca.context(id).budget(8000)`. */
  context: Pick<Context, 'append' | 'window' | 'compact' | 'replay'>;
  /** What `getMessages` reads: the window, which fits the budget, or the whole log. Default `window`. */
  source?: 'window' | 'log';
}

/**
 * A LangChain chat message history that is a Fastpaca conversation. Messages come back as they were added; what
 * somebody else appended comes as the message it is most like, a summary as a system message.
 *
 * The log is append-only, so `clear` deletes nothing: it compacts all there is away, and no message of before is
 * read again here. Whoever reads the log itself still finds them.
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
   * The messages, oldest first. Tool calls and results come in pairs, as providers ask for it: one without the other is
   * left out, but for calls at the end, whose results are still to come.
   *
   * @throws NotFoundError the conversation does not exist and no budget was given to make it with
   */
  override async getMessages(): Promise<BaseMessage[]> {
    const events = this.#source === 'window' ? (await this.#context.window()).messages : await this.#log();
    return inPairs(events.filter((event) => !isCleared(event)).map(toMessage));
  }

  override addMessage(message: BaseMessage): Promise<void> {
    return this.addMessages([message]);
  }

  /** Appends the messages in their order: all of them or none, as long as there are at most 100. */
  override async addMessages(messages: BaseMessage[]): Promise<void> {
    for (let start = 0; start < messages.length; start += MAX_TURN) {
      const events = messages.slice(start, start + MAX_TURN).map(toEvent);
      await this.#context.append(
        events.map((event) => ({ ...event, parts: orEmptyText(event.parts ?? []) })),
      );
    }
  }

  override async clear(): Promise<void> {
    const { messages, version } = await this.#context.window();
    if (version === 0 || (messages.length > 0 && messages.every(isCleared))) return;
    const text = 'The conversation before this point was cleared.';
    await this.#context.compact({
      messages: [{ role: 'system', content: text, metadata: { langchain_cleared: true } }],
    });
  }

  /** The log from where it was last cleared. */
  async #log(): Promise<StoredEvent[]> {
    const { messages } = await this.#context.window();
    const cleared = messages.findLast(isCleared);
    const events: StoredEvent[] = [];
    for await (const event of this.#context.replay({ fromSeq: (cleared?.toSeq ?? 0) + 1 }))
      events.push(event);
    return events;
  }
}

/** An event has one part at least. */
function orEmptyText<Part>(parts: readonly Part[]) {
  return parts.length ? parts : [{ type: 'text', text: '' }];
}

function isCleared({ metadata }: StoredEvent): boolean {
  return metadata?.langchain_cleared === true;
}

function inPairs(messages: readonly BaseMessage[]): BaseMessage[] {
  const called = new Set<string>();
  const answered = new Set(
    messages.filter((each) => ToolMessage.isInstance(each)).map((each) => each.tool_call_id),
  );
  const last = messages.findLastIndex((message) => !ToolMessage.isInstance(message));
  return messages.flatMap((message, index) => {
    if (ToolMessage.isInstance(message)) return called.has(message.tool_call_id) ? [message] : [];
    if (!AIMessage.isInstance(message) || !message.tool_calls?.length) return [message];
    const calls = message.tool_calls.filter(({ id }) => index === last || answered.has(id ?? ''));
    for (const { id } of calls) called.add(id ?? '');
    if (calls.length === message.tool_calls.length) return [message];
    return calls.length || message.content.length ? [withCalls(message, calls)] : [];
  });
}

function withCalls(message: AIMessage, calls: AIMessage['tool_calls']): AIMessage {
  const { content, id, name, additional_kwargs, response_metadata, usage_metadata, invalid_tool_calls } =
    message;
  const rest = { id, name, additional_kwargs, response_metadata, usage_metadata, invalid_tool_calls };
  return new AIMessage({ ...rest, content, tool_calls: calls });
}
