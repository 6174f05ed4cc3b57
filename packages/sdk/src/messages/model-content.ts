import { carriedPart, textOf } from './model-parts.js';
import type { Part, Role, WindowMessage } from '../types.js';

/**
 * Parts as the `content` of an AI SDK `ModelMessage` of that role, valid on AI SDK 5, 6 and 7: a string where it is one text,
 * else an array. What no model message of the role can carry is left out: parts of shapes of your own, and the
 * `tool-NAME` parts of a UI message, which would be several model messages (`ctx.stream` makes them). Content is never
 * empty, since providers refuse that: it then names the types left out, as `[tool_call]`. Only a `tool` message cannot hold a
 * text, and is an empty array then, which the AI SDK leaves out.
 *
 * @param paired ids of the tool calls that are answered, and of the answers to them; the others are left out. All, if absent
 */
export function modelContent(
  role: Role,
  parts: readonly Part[],
  paired?: ReadonlySet<string>,
): string | Part[] {
  if (role === 'system' || role === 'developer') {
    return parts.map(textOf).filter(Boolean).join('\n') || leftOut(parts);
  }
  const carried = parts.flatMap((part) => carriedPart(role, part, paired) ?? []);
  if (carried.length === 0) return role === 'tool' ? [] : leftOut(parts);
  const [first] = carried;
  const isText = carried.length === 1 && first?.type === 'text' && first.providerOptions === undefined;
  return isText ? textOf(first) : carried;
}

function leftOut(parts: readonly Part[]): string {
  return `[${Array.from(new Set(parts.map(({ type }) => type))).join(', ')}]`;
}

type WithoutContent = Omit<WindowMessage, 'content' | 'role'> & { role: Role };

/**
 * Gives each message of a window its `content`. A tool call and its answer are in it only together: a policy or a compaction may
 * have taken one of the two, and no provider accepts the other alone.
 */
export function withContent(messages: readonly WithoutContent[]): WindowMessage[] {
  const paired = pairs(messages);
  return messages.map((message, index) => {
    const { seq, role: logged, parts, ...rest } = message;
    const role = logged === 'developer' ? 'system' : logged;
    return { seq, role, parts, content: modelContent(role, parts, paired[index]), ...rest };
  });
}

/** Of each message, the ids of calls and answers that have their counterpart before the next turn of a user. */
function pairs(messages: readonly { role: Role; parts: readonly Part[] }[]): Set<string>[] {
  const paired = messages.map(() => new Set<string>());
  const calls = new Map<string, Set<string> | undefined>();
  for (const [index, { role, parts }] of messages.entries()) {
    if (role !== 'assistant' && role !== 'tool') calls.clear();
    for (const { type, toolCallId } of parts) {
      if (typeof toolCallId !== 'string') continue;
      if (role === 'assistant' && type === 'tool-call') calls.set(toolCallId, paired[index]);
      if (type === 'tool-result' && calls.has(toolCallId)) {
        calls.get(toolCallId)?.add(toolCallId);
        paired[index]?.add(toolCallId);
      }
    }
  }
  return paired;
}
