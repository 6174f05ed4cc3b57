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

/** What of an event or a window message is needed to make a LangChain message of it. */
export interface StoredEvent {
  role: Role;
  parts: readonly Part[];
  id?: string;
  metadata?: Record<string, unknown>;
}

/** Everything of a LangChain message that its parts do not hold, under `metadata.langchain`. */
interface Rest {
  type: string;
  /** Whether `content` was a text rather than a list of blocks. */
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

/** Marks the parts that come from `tool_calls`; a content block may have the type `tool_call` as well. */
const FROM_TOOL_CALLS = { origin: 'tool_calls' };

/**
 * A LangChain message as an event: its text or blocks, its tool calls and its tool result are parts, so that policies
 * and other readers see them; the rest is kept in the metadata. `toMessage` gives the same message back.
 */
export function toEvent(message: BaseMessage): EventInput {
  const [stored] = mapChatMessagesToStoredMessages([message]) as [StoredMessage];
  const { content, tool_calls: calls, ...data } = stored.data as unknown as Record<string, unknown>;
  const text = typeof content === 'string';
  const rest: Rest = { type: stored.type, text, data };
  return {
    role: ROLES[stored.type] ?? 'user',
    parts:
      stored.type === 'tool' || stored.type === 'function'
        ? [{ type: 'tool_result', tool_call_id: data.tool_call_id ?? data.name, content }]
        : [...contentParts(content), ...callParts(calls)],
    metadata: { langchain: rest },
  };
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

/** The event as a LangChain message; whoever wrote it. What a policy has taken out of it is not in the message. */
export function toMessage(event: StoredEvent): BaseMessage {
  const rest = event.metadata?.langchain as Rest | undefined;
  return rest ? fromOwn(event, rest) : fromOther(event);
}

function fromOwn({ parts }: StoredEvent, { type, text, data }: Rest): BaseMessage {
  const calls = parts.filter(({ origin }) => origin === FROM_TOOL_CALLS.origin);
  const blocks = parts.filter((part) => !calls.includes(part));
  const [result] = parts;
  const content =
    type === 'tool' || type === 'function'
      ? result?.content
      : text
        ? blocks.map((part) => textOf(part.text)).join('')
        : blocks;
  const fields = { ...data, content, ...(type === 'ai' && { tool_calls: calls.map(toolCall) }) };
  const [message] = mapStoredMessagesToChatMessages([{ type, data: fields } as unknown as StoredMessage]);
  return message as BaseMessage;
}

function toolCall({ origin: _, type: __, ...call }: Part): Record<string, unknown> {
  return { ...call, type: 'tool_call' };
}

/** Of an event that came from elsewhere: its text, its tool calls and its tool result, as far as they can be told. */
function fromOther({ role, parts, id }: StoredEvent): BaseMessage {
  const text = parts
    .filter((part) => part.type === 'text' && typeof part.text === 'string')
    .map((part) => part.text as string)
    .join('\n\n');
  const named = id === undefined ? {} : { id };
  if (role === 'assistant') return new AIMessage({ ...named, content: text, tool_calls: callsOf(parts) });
  if (role === 'user') return new HumanMessage({ ...named, content: text });
  const result = parts.find(({ type }) => type === 'tool_result' || type === 'tool-result');
  if (role === 'tool' && result) {
    const callId = textOf(result.tool_call_id ?? result.toolCallId ?? result.id);
    const output = result.content ?? result.result ?? result.output;
    const content = typeof output === 'string' ? output : JSON.stringify(output ?? null);
    return new ToolMessage({ ...named, content, tool_call_id: callId });
  }
  return new SystemMessage({ ...named, content: text });
}

function callsOf(parts: readonly Part[]) {
  return parts
    .filter(({ type }) => type === 'tool_call' || type === 'tool-call')
    .map((part) => ({
      type: 'tool_call' as const,
      id: textOf(part.id ?? part.tool_call_id ?? part.toolCallId),
      name: textOf(part.name ?? part.toolName),
      args: argumentsOf(part.args ?? part.arguments ?? part.input),
    }));
}

function argumentsOf(given: unknown): Record<string, unknown> {
  if (typeof given !== 'string') return (given ?? {}) as Record<string, unknown>;
  try {
    return JSON.parse(given) as Record<string, unknown>;
  } catch {
    return { input: given };
  }
}

/** Empty for what is no text. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
