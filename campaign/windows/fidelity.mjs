// What a prompt must still have of the messages that it was rendered from.
import { isDeepStrictEqual } from 'node:util';
import { readItems } from '@fastpaca/messages';

/**
 * Texts of the messages that a prompt has lost. A conversion may leave out other things, but no text of a message.
 *
 * @param messages as `renderPrompt` takes them
 */
export function lostTexts(format, messages, prompt) {
  const json = JSON.stringify(prompt);
  // The id of an audio stands for its transcript.
  const isText = ({ kind, place }) => kind === 'text' && place.field !== 'audio';
  const texts = messages.flatMap(({ event }) => readItems(event).filter(isText));
  return texts
    .map(({ text }) => text.toWellFormed().trim())
    .filter((text) => text !== '' && !json.includes(JSON.stringify(text).slice(1, -1)))
    .map((text) => ({
      judge: format,
      rule: 'lost-text',
      path: '',
      message: `The prompt has lost "${text}"`,
    }));
}

/** How a log reads as the prompt of its own dialect: what the application would have sent itself. */
const OWN_PROMPTS = {
  'openai-chat': (events) => ['openai-chat', events.map(withoutToolName)],
  'openai-responses': (events) => ['openai-responses', events.flatMap(itemsOf)],
  'openai-responses-parts': (events) => ['openai-responses', events.flatMap(itemsOf)],
  'ai-sdk': (events) => ['ai-sdk', events],
  anthropic: (events) => ['anthropic', events.map(({ role, content }) => ({ role, content }))],
};

/** What no format can keep: every one needs ids, and some need arguments that are JSON. */
const REWRITTEN = ['calls without ids', 'results without ids', 'broken arguments'];

/** Tool messages of old versions of the API have a `name`, which nobody needs. */
function withoutToolName(event) {
  const fields = Object.entries(event).filter(([name]) => event.role !== 'tool' || name !== 'name');
  return Object.fromEntries(fields);
}

/** Items stored as parts, or an event that is an item itself. */
function itemsOf(event) {
  const [first] = Array.isArray(event.content) ? event.content : [];
  const isMessage = event.type === 'message' || !first || /^(input|output)_|^refusal$/.test(first.type);
  return isMessage ? [event] : event.content;
}

/**
 * Whether the prompt of a whole log in the dialect of the log is what the application has sent, unless something was repaired.
 * Not compared: system messages, where a format has them beside the messages, and what Anthropic's format combines,
 * reorders or drops because it is blank.
 */
export function changedMessages({ dialect, events, traits }, format, { prompt, repairs }) {
  const [ownFormat, own] = OWN_PROMPTS[dialect]?.(events) ?? [];
  if (format !== ownFormat || repairs.length > 0) return [];
  if (traits.some((trait) => REWRITTEN.includes(trait))) return [];
  const list = prompt.messages ?? prompt.input;
  const hasSystem = format.startsWith('openai');
  const compared = own.filter(({ role }) => hasSystem || role !== 'system');
  const first = own.findIndex(({ role }) => role !== 'system');
  const isSystemLater = !hasSystem && own.findLastIndex(({ role }) => role === 'system') > first;
  const isCombined = compared.some(({ role }, index) => role === compared[index + 1]?.role);
  const isRewritten = compared.some(({ content }) => isBlankContent(content) || hasLaterResult(content));
  if (isSystemLater || (format === 'anthropic' && (isCombined || isRewritten))) return [];
  const index = list.findIndex((message, at) => !isDeepStrictEqual(message, compared[at]));
  if (index === -1 && list.length === compared.length) return [];
  const message = `sent as ${JSON.stringify(compared[index])}, is ${JSON.stringify(list[index])}, without a repair`;
  return [{ judge: format, rule: 'changed-message', path: `[${index}]`, message }];
}

function isBlankContent(content) {
  const [first] = Array.isArray(content) ? content : [{ text: content }];
  return first?.text?.trim() === '';
}

/** Anthropic wants results before texts. */
function hasLaterResult(content) {
  const isResult = ({ type }) => type === 'tool_result';
  return Array.isArray(content) && content.findLastIndex(isResult) >= content.filter(isResult).length;
}
