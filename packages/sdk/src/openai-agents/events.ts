import type { AgentInputItem } from '@openai/agents';
import { isObject, sameJson } from './same-json.js';
import type { StoredMessage } from './transcript.js';
import type { EventInput, Part } from '../types.js';
import { foreignItems } from './to-agent-items.js';
import { ANSWERED_BY } from './paired-items.js';

/** Under this name the metadata of an event keep what its parts do not say. */
const KEY = 'openaiAgents';

type Fields = Record<string, unknown>;

/**
 * An item as an event that other readers understand: messages as text parts, calls of functions and their results as the AI SDK
 * spells them, anything else as a part that is the item. It comes back deep-equal as JSON.
 */
export function toEvent(item: AgentInputItem): EventInput {
  const event = readable(item);
  const [back] = event ? toItems({ ...event, seq: 0, fromSeq: 0, toSeq: 0 } as StoredMessage) : [];
  if (event && sameJson(back, item)) return event;
  return { role: roleOf(item), parts: [{ type: 'agent-item', item }], metadata: { [KEY]: {} } };
}

/** The items of a message; several, if another way of appending has written it. */
export function toItems(message: StoredMessage): AgentInputItem[] {
  const fields = message.metadata?.[KEY];
  return isObject(fields) ? [ownItem(message, fields) as AgentInputItem] : foreignItems(message);
}

function readable(item: Fields): EventInput | undefined {
  const { type, role, id, ...fields } = item;
  if (type === undefined || type === 'message') {
    if (role !== 'user' && role !== 'assistant' && role !== 'system') return undefined;
    const { content, ...others } = fields;
    const { parts, shape } = contentParts(content, role);
    return {
      role,
      ...(typeof id === 'string' && { id }),
      parts,
      metadata: { [KEY]: { ...others, ...(type !== undefined && { type }), shape } },
    };
  }
  const kept = { ...fields, type, ...(id !== undefined && { id }) };
  if (type === 'function_call') return functionCall(kept);
  if (type === 'function_call_result') return functionResult(kept);
  if (type === 'reasoning') return reasoning(kept);
  return { role: roleOf(item), parts: [item as Part], metadata: { [KEY]: {} } };
}

function ownItem({ id, role, parts }: StoredMessage, { shape, ...fields }: Fields): unknown {
  const [first] = parts;
  switch (fields.type) {
    case 'function_call': {
      const { arguments: written = JSON.stringify(first?.input), ...others } = fields;
      return { ...others, callId: first?.toolCallId, name: first?.toolName, arguments: written };
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
  const content =
    shape === 'text'
      ? first?.text
      : shape === 'none'
        ? []
        : parts.map((part) => (part.type === 'text' ? { ...part, type: textType(role) } : part));
  return { ...fields, role, ...(id !== undefined && { id }), content };
}

function contentParts(content: unknown, role: string): { parts: Part[]; shape: string } {
  if (typeof content === 'string') return { parts: [{ type: 'text', text: content }], shape: 'text' };
  const given = Array.isArray(content) ? (content as Part[]) : [];
  if (given.length === 0) return { parts: [{ type: 'text', text: '' }], shape: 'none' };
  const parts = given.map((part) => (part.type === textType(role) ? { ...part, type: 'text' } : part));
  return { parts, shape: 'parts' };
}

function functionCall({ callId, name, arguments: written, ...fields }: Fields): EventInput {
  const input = parsed(written);
  const isExact = JSON.stringify(input) === written;
  return {
    role: 'assistant',
    parts: [{ type: 'tool-call', toolCallId: callId, toolName: name, input }],
    metadata: { [KEY]: { ...fields, ...(!isExact && { arguments: written }) } },
  };
}

function functionResult({ callId, name, output, ...fields }: Fields): EventInput {
  const isText = isObject(output) && output.type === 'text' && Object.keys(output).length === 2;
  const value = isText ? { type: 'text', value: output.text } : { type: 'json', value: output };
  return {
    role: 'tool',
    parts: [{ type: 'tool-result', toolCallId: callId, toolName: name, output: value }],
    metadata: { [KEY]: fields },
  };
}

function reasoning({ content, ...fields }: Fields): EventInput {
  const texts = Array.isArray(content) ? (content as Part[]) : [];
  const isEmpty = texts.length === 0;
  return {
    role: 'assistant',
    parts: isEmpty
      ? [{ type: 'reasoning', text: '' }]
      : texts.map((part) => ({ ...part, type: 'reasoning' })),
    metadata: { [KEY]: { ...fields, ...(isEmpty && { shape: 'none' }) } },
  };
}

function textType(role: string): string {
  return role === 'assistant' ? 'output_text' : 'input_text';
}

/** What a tool has given never begins a window; the service goes by the role. */
function roleOf({ type, role }: Fields): EventInput['role'] {
  if (role === 'user' || role === 'system') return role;
  return typeof type === 'string' && type in ANSWERED_BY ? 'tool' : 'assistant';
}

function parsed(json: unknown): unknown {
  if (typeof json !== 'string') return {};
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}
