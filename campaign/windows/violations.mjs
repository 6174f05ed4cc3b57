// What the validators say of a prompt, given what the log shows of the model and the settings of its requests.
import { validatePrompt } from '@fastpaca/messages/validate';
import { idsBoundToReasoning, isStoredByOpenAi } from './responses-log.mjs';

/**
 * The validators are as strict as the strictest model, except where the log shows the settings of its requests: only the MCP
 * connector writes MCP blocks, and only with `store: true` reasoning comes without its encrypted content.
 */
function optionsOf(format, events) {
  if (format === 'anthropic') return { mcp: true };
  return format === 'openai-responses' ? { store: isStoredByOpenAi(events) } : {};
}

/** Anthropic itself combines messages of one role, and the libraries rely on that. */
export function violationsOfRequest(provider, sent, conversation) {
  return violationsOf(provider, sent, conversation).filter(({ rule }) => rule !== 'alternation');
}

/**
 * The violations of a prompt. A model without reasoning gives its items ids, too: only items whose reasoning is in the log need it.
 *
 * @param options of the validator, beside those that the log shows
 */
export function violationsOf(format, prompt, { events }, options = {}) {
  const violations = validatePrompt(format, prompt, { ...optionsOf(format, events), ...options });
  if (!violations.some(({ rule }) => rule === 'item-without-reasoning')) return violations;
  const bound = idsBoundToReasoning(events);
  return violations.filter(
    ({ rule, message }) => rule !== 'item-without-reasoning' || bound.has(quoted(message)),
  );
}

/** The value at the end of a violation. */
function quoted(message) {
  return /"([^"]*)"$/.exec(message)?.[1];
}
