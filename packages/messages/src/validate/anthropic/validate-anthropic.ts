import { isObject } from '../json.js';
import {
  anything,
  array,
  object,
  partsByRole,
  stringOr,
  variants,
  visibleText,
  type Shape,
} from '../shape.js';
import { checkUnicode } from '../unicode.js';
import { Violations, type Violation } from '../violation.js';
import { checkCacheControl } from './cache-control.js';
import type { AnthropicOptions } from './options.js';
import { checkRoles } from './roles.js';
import { ANTHROPIC_RULES } from './rules.js';
import { ASSISTANT_BLOCKS, MCP_BLOCKS, system, SYSTEM_BLOCKS, USER_BLOCKS } from './shapes.js';
import { checkLastBlocks, checkOpenToolCall } from './thinking.js';
import { checkServerToolPairs, checkToolPairs } from './tools.js';
import { turnsOf } from './turns.js';

const MAX_MESSAGES = 100_000;

/**
 * Checks the `system` and `messages` of a request to Anthropic's Messages API against `ANTHROPIC_RULES`.
 *
 * Not checked: what needs the tools of the request, the bytes of a file, or the keys of the provider (whether a signature is
 * genuine, whether an image can be decoded, the size of the request).
 *
 * @param prompt `{ system?, messages }`, unknown JSON
 * @returns the violations; empty if the API accepts the prompt
 */
export function validateAnthropic(prompt: unknown, options: AnthropicOptions = {}): Violation[] {
  const { list, report } = new Violations(ANTHROPIC_RULES);
  const messagesShape = array(messageShape(options), { minItems: 1, maxItems: MAX_MESSAGES });
  object({ 'system?': system, messages: messagesShape })(prompt, '', report);
  checkUnicode(prompt, report);

  const { system: systemText, messages } = isObject(prompt) ? prompt : {};
  const turns = turnsOf(messages);
  checkRoles(messages, turns, options, report);
  checkToolPairs(turns, report);
  checkServerToolPairs(turns, report);
  checkLastBlocks(messages, report);
  if (options.thinking) checkOpenToolCall(turns, report);
  checkCacheControl(systemText, turns, report);
  return list;
}

function messageShape({ mcp = false }: AnthropicOptions): Shape {
  const part = partsByRole({
    user: USER_BLOCKS,
    assistant: mcp ? { ...ASSISTANT_BLOCKS, ...MCP_BLOCKS } : ASSISTANT_BLOCKS,
    system: SYSTEM_BLOCKS,
  });
  const message = (block: Shape): Shape =>
    object({ role: anything, content: stringOr(array(block, { minItems: 1 }), visibleText) });
  return variants('role', {
    user: message(part.user),
    assistant: message(part.assistant),
    system: message(part.system),
  });
}
