import { isJsonObject, isObject, isPresent, objectsIn, shown, type Located } from '../json.js';
import { array, object, promptCacheKey } from '../shape.js';
import { checkUnicode } from '../unicode.js';
import { Violations, type Report, type Violation } from '../violation.js';
import type { OpenAiChatOptions } from './options.js';
import { OPENAI_CHAT_RULES, type OpenAiChatRule } from './rules.js';
import { messageShape } from './shapes.js';

type ChatReport = Report<OpenAiChatRule>;

/**
 * Checks the `messages` of a request to OpenAI's Chat Completions API against `OPENAI_CHAT_RULES`.
 *
 * @param prompt `{ messages, prompt_cache_key? }`, unknown JSON
 * @returns the violations; empty if the API accepts the prompt
 */
export function validateOpenAiChat(prompt: unknown, options: OpenAiChatOptions = {}): Violation[] {
  const { maxToolCallIdLength = 40, systemFirst = false, jsonArguments = false } = options;
  const { list, report } = new Violations(OPENAI_CHAT_RULES);
  object({
    messages: array(messageShape(maxToolCallIdLength), { minItems: 1 }),
    'prompt_cache_key?': promptCacheKey,
  })(prompt, '', report);
  checkUnicode(prompt, report);

  const messages = objectsIn(isObject(prompt) ? prompt.messages : [], 'messages');
  if (messages.length > 0 && !messages.some(({ fields }) => fields.role === 'user')) {
    report('user-message', 'messages');
  }
  for (const message of messages) checkAssistantContent(message, report);
  checkToolPairs(messages, report);
  if (systemFirst) checkSystemFirst(messages, report);
  if (jsonArguments) for (const message of messages) checkArguments(message, report);
  return list;
}

function checkAssistantContent({ path, fields }: Located, report: ChatReport): void {
  const { role, content, tool_calls: calls, function_call: call, refusal, audio } = fields;
  if (role !== 'assistant' || isPresent(content)) return;
  if (![calls, call, refusal, audio].some(isPresent)) report('content-required', `${path}.content`);
}

/** All answers stand directly behind the message with the calls, in any order. */
function checkToolPairs(messages: readonly Located[], report: ChatReport): void {
  let open = new Map<unknown, string>();
  let answered = new Set<unknown>();
  const close = () => {
    for (const [id, path] of open) if (!answered.has(id)) report('unanswered-tool-call', path, shown(id));
    answered = new Set();
  };
  for (const message of messages) {
    if (message.fields.role === 'tool') {
      checkResult(message, open, answered, report);
    } else {
      close();
      open = callsOf(message, report);
    }
  }
  close();
}

function checkResult(
  { path, fields: { tool_call_id: id } }: Located,
  open: ReadonlyMap<unknown, string>,
  answered: Set<unknown>,
  report: ChatReport,
): void {
  if (answered.has(id)) report('duplicate-tool-result', path, shown(id));
  else if (open.has(id)) answered.add(id);
  else report('orphan-tool-result', path, shown(id));
}

/** Path of each call of a message by its id. */
function callsOf({ path, fields }: Located, report: ChatReport): Map<unknown, string> {
  const paths = new Map<unknown, string>();
  for (const call of fields.role === 'assistant' ? objectsIn(fields.tool_calls, `${path}.tool_calls`) : []) {
    const { id } = call.fields;
    if (paths.has(id)) report('duplicate-tool-call-id', `${call.path}.id`, shown(id));
    else paths.set(id, call.path);
  }
  return paths;
}

function checkSystemFirst(messages: readonly Located[], report: ChatReport): void {
  const first = messages.findIndex(({ fields }) => !isSystem(fields.role));
  if (first === -1) return;
  for (const { path, fields } of messages.slice(first))
    if (isSystem(fields.role)) report('system-first', path);
}

function checkArguments(message: Located, report: ChatReport): void {
  for (const { path, fields } of objectsIn(message.fields.tool_calls, `${message.path}.tool_calls`)) {
    const text = isObject(fields.function) ? fields.function.arguments : undefined;
    if (typeof text === 'string' && !isJsonObject(text))
      report('json-arguments', `${path}.function.arguments`);
  }
}

function isSystem(role: unknown): boolean {
  return role === 'system' || role === 'developer';
}
