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

/**
 * The event that a part stands for which is a stored message of LangChain, `{ type, data: { content, … } }`; undefined for
 * other parts.
 */
export function storedMessageEvent({ type, data }: Part): MessageEvent | undefined {
  const role = Object.hasOwn(ROLES, type) ? ROLES[type] : undefined;
  if (role === undefined || !isObject(data)) return undefined;
  const { content } = data;
  if (typeof content === 'string') return { ...data, role, parts: [{ type: 'text', text: content }] };
  return Array.isArray(content) ? { ...data, role, parts: content.filter(isPart) } : undefined;
}

function isPart(value: unknown): value is Part {
  return isObject(value) && typeof value.type === 'string';
}
