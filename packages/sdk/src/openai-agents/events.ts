import type { AgentInputItem } from '@openai/agents';
import { isObject } from '../messages/message.js';
import type { EventInput, Part } from '../types.js';
import { isSameJson } from './json-equality.js';
import { CALL_TYPE_OF_RESULT } from './paired-items.js';
import { toAgentItems } from './to-agent-items.js';
import type { StoredMessage } from './transcript.js';

/** The key in an event's metadata under which the fields of an item are stored that are not in its parts. */
const METADATA_KEY = 'openaiAgents';

type Fields = Record<string, unknown>;

/**
 * Converts an item to an event that other readers understand: messages become text parts, function calls and their results become parts
 * of the AI SDK, and any other item becomes a part itself. `toItems` returns an item with the same JSON.
 */
export function toEvent(item: AgentInputItem): EventInput {
  const event = toReadableEvent(item);
  const [restored] = event ? toItems({ ...event, seq: 0, fromSeq: 0, toSeq: 0 } as StoredMessage) : [];
  if (event && isSameJson(restored, item)) return event;
  return { role: roleOf(item), parts: [{ type: 'agent-item', item }], metadata: { [METADATA_KEY]: {} } };
}

/** The items of a message. A message that was not added through a session may be several items. */
export function toItems(message: StoredMessage): AgentInputItem[] {
  const fields = message.metadata?.[METADATA_KEY];
  return isObject(fields) ? [restoreItem(message, fields) as AgentInputItem] : toAgentItems(message);
}

function toReadableEvent(item: Fields): EventInput | undefined {
  const { type, role, id, ...fields } = item;
  if (type === undefined || type === 'message') {
    if (role !== 'user' && role !== 'assistant' && role !== 'system') return undefined;
    const { content, ...others } = fields;
    const { parts, shape } = contentParts(content, role);
    return {
      role,
      ...(typeof id === 'string' && { id }),
      parts,
      metadata: { [METADATA_KEY]: { ...others, ...(type !== undefined && { type }), shape } },
    };
  }
  const itemFields = { ...fields, type, ...(id !== undefined && { id }) };
  if (type === 'function_call') return functionCallEvent(itemFields);
  if (type === 'function_call_result') return functionResultEvent(itemFields);
  if (type === 'reasoning') return reasoningEvent(itemFields);
  return { role: roleOf(item), parts: [item as Part], metadata: { [METADATA_KEY]: {} } };
}

function restoreItem({ id, role, parts }: StoredMessage, { shape, ...fields }: Fields): unknown {
  const [first] = parts;
  switch (fields.type) {
    case 'function_call': {
      const { arguments: json = JSON.stringify(first?.input), ...others } = fields;
      return { ...others, callId: first?.toolCallId, name: first?.toolName, arguments: json };
    }
    case 'function_call_result': {
      const { type, value } = (first?.output ?? {}) as Fields;
      const output = type === 'text' ? { type, text: value } : value;
      return { ...fields, callId: first?.toolCallId, name: first?.toolName, output };
    }
    case 'reasoning': {
      const content = parts.map((part) => ({ ...part, type: 'input_text' }));
      return { ...fields, content: shape === 'none' ? [] : content };
    }
    case undefined:
      if (shape === undefined) return first?.type === 'agent-item' ? first.item : first;
  }
  return {
    ...fields,
    role,
    ...(id !== undefined && { id }),
    content: restoreContent(parts, role, shape as Shape),
  };
}

/** How the content of an item was written: as a string, as an empty array, or as an array of parts. */
type Shape = 'text' | 'none' | 'parts';

function contentParts(content: unknown, role: string): { parts: Part[]; shape: Shape } {
  if (typeof content === 'string') return { parts: [{ type: 'text', text: content }], shape: 'text' };
  const items = Array.isArray(content) ? (content as Part[]) : [];
  if (items.length === 0) return { parts: [{ type: 'text', text: '' }], shape: 'none' };
  const parts = items.map((part) => (part.type === textType(role) ? { ...part, type: 'text' } : part));
  return { parts, shape: 'parts' };
}

function restoreContent(parts: readonly Part[], role: string, shape: Shape): unknown {
  if (shape === 'text') return parts[0]?.text;
  if (shape === 'none') return [];
  return parts.map((part) => (part.type === 'text' ? { ...part, type: textType(role) } : part));
}

function functionCallEvent({ callId, name, arguments: json, ...fields }: Fields): EventInput {
  const input = parseJson(json);
  // Only JSON that is spelled in another way must be stored in addition to the input.
  const isExact = JSON.stringify(input) === json;
  return {
    role: 'assistant',
    parts: [{ type: 'tool-call', toolCallId: callId, toolName: name, input }],
    metadata: { [METADATA_KEY]: { ...fields, ...(!isExact && { arguments: json }) } },
  };
}

function functionResultEvent({ callId, name, output, ...fields }: Fields): EventInput {
  const isText = isObject(output) && output.type === 'text' && Object.keys(output).length === 2;
  const value = isText ? { type: 'text', value: output.text } : { type: 'json', value: output };
  return {
    role: 'tool',
    parts: [{ type: 'tool-result', toolCallId: callId, toolName: name, output: value }],
    metadata: { [METADATA_KEY]: fields },
  };
}

function reasoningEvent({ content, ...fields }: Fields): EventInput {
  const texts = Array.isArray(content) ? (content as Part[]) : [];
  const isEmpty = texts.length === 0;
  return {
    role: 'assistant',
    parts: isEmpty
      ? [{ type: 'reasoning', text: '' }]
      : texts.map((part) => ({ ...part, type: 'reasoning' })),
    metadata: { [METADATA_KEY]: { ...fields, ...(isEmpty && { shape: 'none' }) } },
  };
}

function textType(role: string): string {
  return role === 'assistant' ? 'output_text' : 'input_text';
}

/** Tool results get the role `tool`, because the service never starts a window with an event of that role. */
function roleOf({ type, role }: Fields): EventInput['role'] {
  if (role === 'user' || role === 'system') return role;
  return typeof type === 'string' && type in CALL_TYPE_OF_RESULT ? 'tool' : 'assistant';
}

function parseJson(json: unknown): unknown {
  if (typeof json !== 'string') return {};
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}
