import {
  AIMessage,
  HumanMessage,
  mapChatMessagesToStoredMessages,
  mapStoredMessagesToChatMessages,
  SystemMessage,
  ToolMessage,
  type BaseMessage,
  type StoredMessage,
} from '@langchain/core/messages';
import type { EventInput, Part, Role } from '../types.js';

/** The fields of an event or a window message that `toMessage` reads. */
export interface StoredEvent {
  role: Role;
  parts: readonly Part[];
  id?: string;
  metadata?: Record<string, unknown>;
}

/** The value of `metadata.langchain`: everything of a LangChain message that is not in its parts. */
interface MessageFields {
  type: string;
  /** Whether `content` was a text and not a list of blocks. */
  text: boolean;
  data: Record<string, unknown>;
}

const ROLES: Record<string, Role> = {
  human: 'user',
  ai: 'assistant',
  system: 'system',
  developer: 'developer',
  tool: 'tool',
  function: 'tool',
};

/** Marks the parts made from `tool_calls`, because a content block may have the type `tool_call`, too. */
const FROM_TOOL_CALLS = { origin: 'tool_calls' };

/**
 * Converts a LangChain message to an event. Its text or blocks, its tool calls and its tool result become parts, so that policies and
 * other readers understand them. Everything else is stored in the metadata. `toMessage` returns the same message.
 */
export function toEvent(message: BaseMessage): EventInput {
  const [stored] = mapChatMessagesToStoredMessages([message]) as [StoredMessage];
  const { content, tool_calls: calls, ...data } = stored.data as unknown as Record<string, unknown>;
  const { type } = stored;
  const langchain: MessageFields = { type, text: typeof content === 'string', data };
  const parts = isToolResult(type)
    ? [{ type: 'tool_result', tool_call_id: data.tool_call_id ?? data.name, content }]
    : [...contentParts(content), ...callParts(calls)];
  return {
    role: ROLES[type] ?? 'user',
    parts: parts.length > 0 ? parts : [{ type: 'text', text: '' }], // an event needs at least one part
    metadata: { langchain },
  };
}

function isToolResult(type: string): boolean {
  return type === 'tool' || type === 'function';
}

function contentParts(content: unknown): Part[] {
  if (typeof content !== 'string') return content as Part[];
  return content === '' ? [] : [{ type: 'text', text: content }];
}

function callParts(calls: unknown): Part[] {
  return Array.isArray(calls)
    ? (calls as Record<string, unknown>[]).map((call) => ({ ...call, ...FROM_TOOL_CALLS, type: 'tool_call' }))
    : [];
}

/** Converts any event to a LangChain message. Parts that a policy has removed are not in the message. */
export function toMessage(event: StoredEvent): BaseMessage {
  const fields = event.metadata?.langchain as MessageFields | undefined;
  return fields ? restoreMessage(event, fields) : convertForeignEvent(event);
}

function restoreMessage({ parts }: StoredEvent, { type, text, data }: MessageFields): BaseMessage {
  const calls = parts.filter(({ origin }) => origin === FROM_TOOL_CALLS.origin);
  const blocks = parts.filter((part) => !calls.includes(part));
  const blocksOrText = text ? blocks.map((block) => stringOf(block.text)).join('') : blocks;
  const content = isToolResult(type) ? parts[0]?.content : blocksOrText;
  const fields = { ...data, content, ...(type === 'ai' && { tool_calls: calls.map(toToolCall) }) };
  const [message] = mapStoredMessagesToChatMessages([{ type, data: fields } as unknown as StoredMessage]);
  return message as BaseMessage;
}

function toToolCall({ origin: _, type: __, ...call }: Part): Record<string, unknown> {
  return { ...call, type: 'tool_call' };
}

/** Converts the text, tool calls and tool result of an event that was not added through LangChain. */
function convertForeignEvent({ role, parts, id }: StoredEvent): BaseMessage {
  const content = parts
    .filter(({ type, text }) => type === 'text' && typeof text === 'string')
    .map(({ text }) => text as string)
    .join('\n\n');
  const fields = id === undefined ? { content } : { id, content };
  if (role === 'assistant') return new AIMessage({ ...fields, tool_calls: toolCallsOf(parts) });
  if (role === 'user') return new HumanMessage(fields);
  const result = parts.find(({ type }) => type === 'tool_result' || type === 'tool-result');
  if (role === 'tool' && result) {
    const callId = stringOf(result.tool_call_id ?? result.toolCallId ?? result.id);
    const output = result.content ?? result.result ?? result.output;
    const text = typeof output === 'string' ? output : JSON.stringify(output ?? null);
    return new ToolMessage({ ...fields, content: text, tool_call_id: callId });
  }
  return new SystemMessage(fields);
}

function toolCallsOf(parts: readonly Part[]) {
  return parts
    .filter(({ type }) => type === 'tool_call' || type === 'tool-call')
    .map((part) => ({
      type: 'tool_call' as const,
      id: stringOf(part.id ?? part.tool_call_id ?? part.toolCallId),
      name: stringOf(part.name ?? part.toolName),
      args: parseArguments(part.args ?? part.arguments ?? part.input),
    }));
}

function parseArguments(json: unknown): Record<string, unknown> {
  if (typeof json !== 'string') return (json ?? {}) as Record<string, unknown>;
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    return { input: json };
  }
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
