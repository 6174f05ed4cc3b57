import { isStoredMessage, readItems, storedMessageRole, type MessageEvent } from '@fastpaca/messages';
import {
  mapChatMessagesToStoredMessages,
  type BaseMessage,
  type StoredMessage,
} from '@langchain/core/messages';
import type { EventInput, Part } from '../types.js';

/** The value of `metadata.langchain`: everything of a LangChain message that is not in its parts. */
export interface MessageFields {
  type: string;
  /** Whether `content` was a text and not a list of blocks. */
  text: boolean;
  data: Record<string, unknown>;
  /** How many parts the event had when it was appended. A policy may have removed some since. */
  part_count?: number;
  /** The `tool_calls` of the message, if `content` has some of them, too. Otherwise they are parts. */
  tool_calls?: LangChainToolCall[];
}

export interface LangChainToolCall {
  type?: 'tool_call';
  id?: string;
  name: string;
  args: Record<string, unknown>;
  [field: string]: unknown;
}

/** A `StoredMessage` of any version of LangChain. */
interface AnyStoredMessage {
  type: string;
  data: object;
}

/** Where a part comes from that is not in the content of the message: one of these fields. */
export type Origin = 'tool_calls' | 'invalid_tool_calls' | 'function_call';

/**
 * Converts a LangChain message to an event. Its text or blocks, its tool calls and its tool result become parts, so that policies and
 * other readers understand them. Everything else is stored in the metadata.
 */
export function toEvent(message: BaseMessage): EventInput {
  const [stored] = mapChatMessagesToStoredMessages([message]) as [StoredMessage];
  return toStoredEvent(stored);
}

/** What the history has stored about a message; undefined for an event that others have appended. */
export function fieldsOf({ metadata }: MessageEvent): MessageFields | undefined {
  const { langchain } = (metadata ?? {}) as { langchain?: Partial<MessageFields> | null };
  const isOwn = typeof langchain?.type === 'string' && typeof langchain.data === 'object';
  return isOwn ? (langchain as MessageFields) : undefined;
}

/**
 * The events that the history would store for an event: for what an earlier version has stored, the event of this version; for parts
 * that are stored messages of LangChain, one event each; otherwise the event itself.
 */
export function upgradeEvent(event: MessageEvent): MessageEvent[] {
  const fields = fieldsOf(event);
  if (fields)
    return fields.part_count === undefined ? [toStoredEvent(releasedMessage(event, fields))] : [event];
  if (!event.parts.some(isStoredMessage)) return [event];
  return event.parts.map((part) =>
    isStoredMessage(part) ? toStoredEvent(part) : { ...event, parts: [part] },
  );
}

/** Earlier versions stored all `tool_calls` as parts, also those that the content has. */
function releasedMessage({ parts }: MessageEvent, { type, text, data }: MessageFields): AnyStoredMessage {
  const calls = parts.filter(({ origin }) => origin === 'tool_calls');
  const blocks = parts.filter(({ origin }) => origin !== 'tool_calls');
  const content = isResult(type) ? blocks[0]?.content : text ? joinTexts(blocks) : blocks;
  const fields = { ...data, content, ...(type === 'ai' && { tool_calls: calls.map(toToolCall) }) };
  return { type, data: fields };
}

/** The call that a part was made from. */
export function toToolCall({ origin: _, type: __, ...call }: Part): LangChainToolCall {
  return { ...(call as LangChainToolCall), type: 'tool_call' };
}

export function joinTexts(parts: readonly Part[]): string {
  return parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('');
}

function toStoredEvent({ type, data: fields }: AnyStoredMessage): MessageEvent & EventInput {
  const { content, tool_calls: calls, ...data } = fields as Record<string, unknown>;
  const blocks = isResult(type) ? [resultPart(type, data, content)] : contentParts(content);
  const { parts, isRepeated } =
    type === 'ai' ? addCalls(blocks, data, calls) : { parts: blocks, isRepeated: false };
  if (parts.length === 0) parts.push({ type: 'text', text: '' }); // an event needs at least one part
  const langchain: MessageFields = {
    ...{ type, text: typeof content === 'string', data, part_count: parts.length },
    ...(isRepeated && { tool_calls: calls as LangChainToolCall[] }),
  };
  return { role: storedMessageRole(type), parts, metadata: { langchain } };
}

function isResult(type: string): boolean {
  return type === 'tool' || type === 'function';
}

/** A function message of the older API names no call, but only a function. */
function resultPart(
  type: string,
  { tool_call_id: id, name }: Record<string, unknown>,
  content: unknown,
): Part {
  return type === 'tool'
    ? { type: 'tool_result', tool_call_id: id, content }
    : { type: 'tool_result', name, content };
}

function contentParts(content: unknown): Part[] {
  if (typeof content !== 'string') return [...(content as Part[])];
  return content === '' ? [] : [{ type: 'text', text: content }];
}

/** Adds the calls that are not blocks of the content. */
function addCalls(
  blocks: Part[],
  { invalid_tool_calls: invalid, additional_kwargs: kwargs }: Record<string, unknown>,
  toolCalls: unknown,
): { parts: Part[]; isRepeated: boolean } {
  const inContent = new Set(
    readItems({ role: 'assistant', parts: blocks }).flatMap((item) =>
      item.kind === 'call' && item.id ? [item.id] : [],
    ),
  );
  const listed = [...callParts(toolCalls, 'tool_calls'), ...callParts(invalid, 'invalid_tool_calls')];
  const others = listed.filter(({ id }) => !inContent.has(id as string));
  const { function_call: functionCall } = (kwargs ?? {}) as Record<string, unknown>;
  return {
    parts: [...blocks, ...others, ...callParts([functionCall].filter(Boolean), 'function_call')],
    isRepeated: others.length < listed.length,
  };
}

function callParts(calls: unknown, origin: Origin): Part[] {
  return Array.isArray(calls)
    ? (calls as Record<string, unknown>[]).map((call) => ({ ...call, origin, type: 'tool_call' }))
    : [];
}
