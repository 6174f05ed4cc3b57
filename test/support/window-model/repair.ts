import { groupsOf } from './groups.js';
import { withParts } from './item.js';
import type { Message } from './place.js';
import { messageTokens } from './tokens.js';
import { pairsOf, startsTurn, toolsOf, type Tool } from './tools.js';

export interface Repair {
  code: string;
  seq: number;
  call_id?: string;
}

export interface Repaired {
  messages: Message[];
  repairs: Repair[];
}

const NO_RESULT = 'No result was recorded for this call';

/** spec.md §6.8: removes results without a call, and answers calls without a result that are not open. */
export function repair(messages: readonly Message[]): Repaired {
  const paired = pairsOf(messages).flat();
  const isPaired = (tool: Tool) => paired.some(({ item, part }) => item === tool.item && part === tool.part);
  const open = mayBeAnswered(messages);
  const repairs: Repair[] = [];
  const repaired = messages.flatMap((message): Message[] => {
    const single = toolsOf(message).filter((tool) => !isPaired(tool));
    const orphans = single.filter(({ kind }) => kind === 'result');
    const unanswered = single.filter(({ kind }) => kind === 'call' && !open.has(message));
    const list =
      (code: string) =>
      ({ id }: Tool) =>
        repairs.push({ code, seq: message.seq, ...(id !== undefined && { call_id: id }) });
    orphans.forEach(list('result_without_call'));
    unanswered.forEach(list('call_without_result'));
    const left = withoutResults(message, orphans);
    return unanswered.length === 0 ? left : [...left, answer(message, unanswered)];
  });
  return { messages: repaired, repairs };
}

/** Without its results, a message of the role `tool` would be a result itself: it is removed, like an empty message. */
function withoutResults(message: Message, orphans: Tool[]): Message[] {
  if (orphans.length === 0) return [message];
  if (orphans.some(({ part }) => part === undefined)) return [];
  const parts = message.event.parts.filter((part: any) => !orphans.some((orphan) => orphan.part === part));
  // The service does not store what each part of a summary counts.
  const tokens = message.summary ? message.tokens : withParts(message, parts).tokens;
  const left = { ...message, ...withParts(message, parts), tokens };
  const isToolMessage = message.event.role === 'tool' && !toolsOf(left).some(({ part }) => part);
  return parts.length === 0 || isToolMessage ? [] : [left];
}

function answer(message: Message, calls: Tool[]): Message {
  const parts = calls.map(({ id, part: { name } }) => ({
    type: 'tool_result',
    ...(id && { tool_call_id: id }),
    name,
    content: NO_RESULT,
  }));
  const event = { role: 'tool', parts, synthetic: true };
  return { ...message, stored: event, event, tokens: messageTokens('tool', parts) };
}

/** The messages whose calls may still be answered: nothing but messages with calls and results follows their group. */
function mayBeAnswered(messages: readonly Message[]): Set<unknown> {
  const isOfTools = (item: any) => toolsOf(item).length > 0 && !startsTurn(item);
  const open = groupsOf(messages).filter((group, index, groups) => {
    const following = groups.slice(index + 1).flat();
    return following.length === 0 || (isOfTools(group.at(-1)) && following.every(isOfTools));
  });
  return new Set(open.flat());
}
