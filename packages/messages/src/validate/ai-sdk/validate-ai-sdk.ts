import { isObject, objectsIn, type Located } from '../json.js';
import { array, object } from '../shape.js';
import { checkUnicode } from '../unicode.js';
import { Violations, type Report, type Violation } from '../violation.js';
import type { AiSdkOptions } from './options.js';
import { AI_SDK_RULES, type AiSdkRule } from './rules.js';
import { isDropped, shapesFor } from './shapes.js';
import { checkApprovals, checkToolPairs, checkUniqueCallIds } from './tools.js';

type AiSdkReport = Report<AiSdkRule>;

/**
 * Checks the `system` and `messages` (ModelMessage) of a call of the AI SDK against `AI_SDK_RULES`.
 *
 * @param prompt `{ system?, messages }`, unknown JSON; bytes and URL objects are accepted as files
 * @returns the violations; empty if the AI SDK, and with `portable` every provider behind it, accepts the prompt
 */
export function validateAiSdk(prompt: unknown, options: AiSdkOptions = {}): Violation[] {
  const { version = 7, allowSystemInMessages = version < 7, portable = true } = options;
  const { list, report } = new Violations(AI_SDK_RULES);
  const { message, system } = shapesFor(options);
  object({ 'system?': system, messages: array(message, { minItems: 1 }) })(prompt, '', report);
  checkUnicode(prompt, report);

  const messages = objectsIn(isObject(prompt) ? prompt.messages : [], 'messages');
  if (!allowSystemInMessages) {
    for (const { path, fields } of messages) if (fields.role === 'system') report('system-in-messages', path);
  }
  for (const each of messages) checkContent(each, portable, report);
  checkToolPairs(messages, portable, report);
  checkApprovals(messages, report);
  if (portable) {
    checkRoles(messages, report);
    checkUniqueCallIds(messages, report);
  }
  return list;
}

function checkContent({ path, fields }: Located, portable: boolean, report: AiSdkReport): void {
  const { content, role } = fields;
  if (content === '') report('empty-message', path);
  const parts = objectsIn(content, `${path}.content`).filter((part) => !isDropped(role, part.fields));
  if (Array.isArray(content) && content.length > 0 && parts.length === 0) report('empty-message', path);
  const isReasoning = ({ fields: { type } }: Located) => type === 'reasoning' || type === 'reasoning-file';
  if (portable && role === 'assistant' && parts.length > 0 && parts.every(isReasoning)) {
    report('reasoning-only', path);
  }
}

function checkRoles(messages: readonly Located[], report: AiSdkReport): void {
  const begin = messages.findIndex(({ fields }) => fields.role !== 'system');
  const conversation = begin === -1 ? [] : messages.slice(begin);
  for (const { path, fields } of conversation) if (fields.role === 'system') report('system-placement', path);
  const first = conversation[0];
  const last = conversation.at(-1);
  if (first && first.fields.role !== 'user') report('first-role', first.path);
  if (last?.fields.role === 'assistant') report('last-role', last.path);
}
