import {
  arrange,
  assignCallIds,
  CONTINUE_TEXT,
  joinedText,
  outputMedia,
  outputText,
  systemAsUserText,
  wellFormed,
  type ArrangedMessage,
  type Media,
  type ToolCallItem,
  type ToolResultItem,
  type WindowEvent,
} from '@fastpaca/messages';
import { HumanMessage, SystemMessage, type BaseMessage } from '@langchain/core/messages';
import type { Part } from '../types.js';
import { toAiMessage, toHumanMessage, toMediaMessage, toToolMessage } from './foreign-message.js';
import { functionMessage, isFunctionCall, restoreMessage, restoreResult } from './restore-message.js';
import { fieldsOf, upgradeEvent } from './stored-message.js';

/** Anthropic's rules for the ids of calls; those of other providers are weaker. */
const CALL_ID_RULES = { maxLength: 64, isUniqueInPrompt: true };

/**
 * Converts the messages of a window to LangChain messages that the integrations of OpenAI and Anthropic accept, followed by a message
 * of the user.
 */
export function toMessages(window: readonly WindowEvent[]): BaseMessage[] {
  const events = window.flatMap((message) =>
    upgradeEvent(wellFormed(message.event)).map((event) => ({ ...message, event })),
  );
  const stored = new Set<unknown>(events.flatMap(({ event }) => (fieldsOf(event) ? event.parts : [])));
  const { messages, callOf } = arrange(events, ({ source }) => stored.has(source));
  const writer = new MessageWriter(callOf, assignCallIds(messages, CALL_ID_RULES));
  for (const message of messages) writer.add(message);
  return writer.finish();
}

class MessageWriter {
  private readonly messages: BaseMessage[] = [];
  /** The media of results, which go behind all results of an answer. */
  private media: Media[] = [];

  constructor(
    private readonly callOf: ReadonlyMap<ToolResultItem, ToolCallItem>,
    private readonly idOf: ReadonlyMap<ToolCallItem, string>,
  ) {}

  add(message: ArrangedMessage): void {
    if (message.role === 'tool') {
      for (const item of message.items) if (item.kind === 'result') this.addResult(message, item);
      return;
    }
    this.addMedia();
    const fields = fieldsOf(message.event);
    this.push(fields ? restoreMessage(message, fields, this.idOf) : this.convert(message));
  }

  finish(): BaseMessage[] {
    this.addMedia();
    const first = this.messages.findIndex(({ type }) => type !== 'system');
    // Anthropic wants a message of the user first.
    if (this.messages[first]?.type === 'ai') this.messages.splice(first, 0, new HumanMessage(CONTINUE_TEXT));
    return this.messages;
  }

  private convert(message: ArrangedMessage): BaseMessage | undefined {
    if (message.role === 'assistant') return toAiMessage(message, this.idOf);
    return message.role === 'user' ? toHumanMessage(message) : this.convertSystem(message);
  }

  /** Anthropic accepts system messages only at the beginning. */
  private convertSystem(message: ArrangedMessage): BaseMessage | undefined {
    const content = joinedText(message.items);
    if (content === '') return undefined;
    const isLeading = this.messages.every(({ type }) => type === 'system');
    const { id } = message.event;
    const fields = typeof id === 'string' ? { id } : {};
    return isLeading
      ? new SystemMessage({ ...fields, content })
      : new HumanMessage({ ...fields, content: systemAsUserText(message) });
  }

  private addResult({ event }: ArrangedMessage, result: ToolResultItem): void {
    const call = this.callOf.get(result);
    if (!call) return;
    const callId = this.idOf.get(call) ?? '';
    const fields = fieldsOf(event);
    if (fields && event.parts.includes(result.source as Part))
      this.push(restoreResult(result.source as Part, fields, callId));
    else if (isFunctionCall(call)) this.push(functionMessage(call.name, outputText(result)));
    else {
      this.push(toToolMessage(result, callId));
      this.media.push(...outputMedia(result));
    }
  }

  private addMedia(): void {
    this.push(toMediaMessage(this.media));
    this.media = [];
  }

  private push(message: BaseMessage | undefined): void {
    if (message) this.messages.push(message);
  }
}
