import { joinTexts, textOf, type Part, type Role } from './message.js';
import { toModelPart } from './model-parts.js';
import { ToolPairing } from './tool-pairing.js';

/**
 * Converts parts to the `content` of an AI SDK `ModelMessage` of this role, valid on AI SDK 5, 6 and 7: a string for a single
 * text, otherwise an array.
 *
 * Leaves out parts that no model message of the role can contain: parts of custom shapes, and the `tool-NAME` parts of UI
 * messages, which would need several model messages (`ctx.stream` makes these). Providers reject empty content, so content that
 * would be empty becomes a placeholder with the types left out, such as `[tool_call]`. A `tool` message cannot contain text:
 * its content is then an empty array, and the AI SDK leaves the message out.
 *
 * @param paired ids of the tool calls that have a result and of these results; calls and results with other ids are left out.
 * Default: all ids
 */
export function modelContent(
  role: Role,
  parts: readonly Part[],
  paired?: ReadonlySet<string>,
): string | Part[] {
  if (role === 'system' || role === 'developer') return joinTexts(parts) || placeholder(parts);
  const converted = parts.flatMap((part) => toModelPart(role, part, paired) ?? []);
  if (converted.length === 0) return role === 'tool' ? [] : placeholder(parts);
  const [first] = converted;
  const isText = converted.length === 1 && first?.type === 'text' && first.providerOptions === undefined;
  return isText ? textOf(first) : converted;
}

function placeholder(parts: readonly Part[]): string {
  return `[${Array.from(new Set(parts.map(({ type }) => type))).join(', ')}]`;
}

/**
 * The `modelContent` of each message of a window. It contains a tool call only together with its result, because no provider accepts
 * one without the other.
 */
export function modelContents(
  messages: readonly { role: Role; parts: readonly Part[] }[],
): (string | Part[])[] {
  const pairing = new ToolPairing<Set<string>>('any');
  const pairedIds = messages.map(({ role, parts }) => {
    const ids = new Set<string>();
    if (role !== 'assistant' && role !== 'tool') pairing.forgetOpenCalls();
    for (const { type, toolCallId: id } of parts) {
      if (typeof id !== 'string') continue;
      if (role === 'assistant' && type === 'tool-call') pairing.addCall(ids, { id });
      if (type !== 'tool-result') continue;
      const idsOfCallMessage = pairing.addResult({ id });
      if (!idsOfCallMessage) continue;
      idsOfCallMessage.add(id);
      ids.add(id);
    }
    return ids;
  });
  return messages.map(({ role, parts }, index) => modelContent(role, parts, pairedIds[index]));
}
