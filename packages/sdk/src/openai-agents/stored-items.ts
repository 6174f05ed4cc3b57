import { wellFormed, type MessageEvent } from '@fastpaca/messages';
import type { AgentInputItem } from '@openai/agents';
import type { EventInput, Part } from '../types.js';
import { isResultType } from './item-kinds.js';

/** The key in an event's metadata under which the fields of a message item are stored that are not in its parts. */
const METADATA_KEY = 'openaiAgents';

type Fields = Record<string, unknown>;

/**
 * Converts an item to an event that policies, formats and other readers understand: the content of a message becomes the parts, and
 * any other item becomes a part as it is. `restoreItem` returns an item with the same JSON.
 */
export function toEvent(item: AgentInputItem): EventInput {
  const { type }: Fields = item;
  if (type === undefined || type === 'message') return messageEvent(item) ?? opaqueEvent(item);
  return { role: roleOf(type), parts: [item as Part], metadata: { [METADATA_KEY]: {} } };
}

/** The item of an event that a session has stored, with well-formed texts; undefined for other events. */
export function restoreItem({ metadata, role, parts, id }: MessageEvent): AgentInputItem | undefined {
  const fields = isObject(metadata) ? metadata[METADATA_KEY] : undefined;
  if (!isObject(fields)) return undefined;
  const { shape, ...others } = fields;
  const isMessage = shape !== undefined && others.type !== 'reasoning';
  const item = isMessage
    ? {
        ...others,
        role,
        ...(id !== undefined && { id }),
        content: restoreContent(parts, role, shape as Shape),
      }
    : (restoreReleasedItem(parts, fields) ?? itemOfPart(parts[0]));
  return wellFormed(item) as AgentInputItem | undefined;
}

/** Undefined if a message has content of an unknown kind. */
function messageEvent(item: Fields): EventInput | undefined {
  const { role, id, content, ...fields } = item;
  if (role !== 'user' && role !== 'assistant' && role !== 'system') return undefined;
  const stored = contentParts(content, role);
  return (
    stored && {
      role,
      ...(typeof id === 'string' && { id }),
      parts: stored.parts,
      metadata: { [METADATA_KEY]: { ...fields, ...(typeof id !== 'string' && { id }), shape: stored.shape } },
    }
  );
}

function opaqueEvent(item: AgentInputItem): EventInput {
  return { role: 'assistant', parts: [{ type: 'agent-item', item }], metadata: { [METADATA_KEY]: {} } };
}

function itemOfPart(part: Part | undefined): unknown {
  return part?.type === 'agent-item' ? part.item : part;
}

/** How the content of a message was written: as a string, as an empty array, or as an array of parts. */
type Shape = 'text' | 'none' | 'parts';

function contentParts(content: unknown, role: string): { parts: Part[]; shape: Shape } | undefined {
  if (typeof content === 'string') return { parts: [{ type: 'text', text: content }], shape: 'text' };
  if (!Array.isArray(content)) return undefined;
  if (content.length === 0) return { parts: [{ type: 'text', text: '' }], shape: 'none' };
  if (!content.every(isOwnPart)) return undefined;
  const parts = content.map((part) => (part.type === textType(role) ? { ...part, type: 'text' } : part));
  return { parts, shape: 'parts' };
}

function restoreContent(parts: readonly Part[], role: string, shape: Shape): unknown {
  if (shape === 'text') return parts[0]?.text;
  if (shape === 'none') return [];
  return parts.map((part) => (part.type === 'text' ? { ...part, type: textType(role) } : part));
}

/** Whether a part comes from the Agents SDK, which has no part of the type `text`. */
function isOwnPart(part: unknown): part is Part {
  return isObject(part) && typeof part.type === 'string' && part.type !== 'text';
}

function textType(role: string): string {
  return role === 'assistant' ? 'output_text' : 'input_text';
}

function roleOf(type: unknown): EventInput['role'] {
  return isResultType(type) ? 'tool' : 'assistant';
}

/** Earlier versions stored function calls, their results and reasoning as parts of the AI SDK. Undefined for other items. */
function restoreReleasedItem(parts: readonly Part[], { shape, ...fields }: Fields): unknown {
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
    default:
      return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
