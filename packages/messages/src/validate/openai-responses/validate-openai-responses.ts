import { isObject, isPresent, objectsIn, shown, type Located } from '../json.js';
import { array, nonEmptyText, object, promptCacheKey, stringOr } from '../shape.js';
import { checkUnicode } from '../unicode.js';
import { Violations, type Report, type Violation } from '../violation.js';
import { checkApprovals, checkCallPairs } from './calls.js';
import { inputItem } from './items.js';
import type { OpenAiResponsesOptions } from './options.js';
import { checkFollowers, checkReasoningOf, checkStored } from './reasoning.js';
import { OPENAI_RESPONSES_RULES, type OpenAiResponsesRule } from './rules.js';

/**
 * Checks the `input` of a request to OpenAI's Responses API against `OPENAI_RESPONSES_RULES`.
 *
 * The details of calls that OpenAI ran itself (search, code interpreter, MCP) are not checked: they come from OpenAI.
 *
 * @param prompt `{ input, prompt_cache_key? }`, unknown JSON; `input` is a text or a list of items
 * @returns the violations; empty if the API accepts the prompt
 */
export function validateOpenAiResponses(
  prompt: unknown,
  { store = false, reasoningModel = true }: OpenAiResponsesOptions = {},
): Violation[] {
  const { list, report } = new Violations(OPENAI_RESPONSES_RULES);
  object({
    input: stringOr(array(inputItem, { minItems: 1 }), nonEmptyText),
    'prompt_cache_key?': promptCacheKey,
  })(prompt, '', report);
  checkUnicode(prompt, report);

  const items = objectsIn(isObject(prompt) ? prompt.input : [], 'input');
  checkCallPairs(items, report);
  checkApprovals(items, report);
  checkItemIds(items, report);
  checkFollowers(items, report);
  if (reasoningModel) checkReasoningOf(items, report);
  checkStored(items, store, report);
  for (const { path, fields } of items.slice(0, -1)) {
    if (fields.type === 'compaction_trigger') report('trigger-position', path);
  }
  return list;
}

function checkItemIds(items: readonly Located[], report: Report<OpenAiResponsesRule>): void {
  const seen = new Set<unknown>();
  for (const { path, fields } of items) {
    // Its id is the id of the call.
    if (!isPresent(fields.id) || fields.type === 'local_shell_call_output') continue;
    if (seen.has(fields.id)) report('duplicate-item-id', path, shown(fields.id));
    seen.add(fields.id);
  }
}
