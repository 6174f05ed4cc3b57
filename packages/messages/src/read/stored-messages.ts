import { isObject, type MessageEvent, type Part, type Role } from '../event.js';

/** The roles of LangChain's stored messages, by their type. */
const ROLES: Readonly<Record<string, Role>> = {
  human: 'user',
  ai: 'assistant',
  system: 'system',
  developer: 'developer',
  tool: 'tool',
  function: 'tool',
  generic: 'user',
};

/** A part that is a stored message of LangChain. */
export interface StoredMessagePart extends Part {
  data: { content: string | unknown[]; [field: string]: unknown };
}

/** The role for a type of stored messages; `user` for types without a role, such as `remove`. */
export function storedMessageRole(type: string): Role {
  return (Object.hasOwn(ROLES, type) ? ROLES[type] : undefined) ?? 'user';
}

export function isStoredMessage(part: Part): part is StoredMessagePart {
  const { type, data } = part;
  if (!Object.hasOwn(ROLES, type) || !isObject(data)) return false;
  return typeof data.content === 'string' || Array.isArray(data.content);
}

/** The event that a stored message of LangChain stands for; undefined for other parts. */
export function storedMessageEvent(part: Part): MessageEvent | undefined {
  if (!isStoredMessage(part)) return undefined;
  const { type, data } = part;
  const { content } = data;
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : content.filter(isPart);
  return { ...data, role: storedMessageRole(type), parts };
}

function isPart(value: unknown): value is Part {
  return isObject(value) && typeof value.type === 'string';
}
