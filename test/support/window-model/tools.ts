import type { Item } from './item.js';

/** A tool call or a tool result of an event. */
export interface Tool {
  kind: 'call' | 'result';
  /** Undefined if the part has none. */
  id: string | undefined;
  item: Item;
  /** Undefined if the whole event is the result. */
  part: any;
}

/** Calls count only in messages of the model. A message of the role `tool` without a result among its parts is one itself. */
export function toolsOf(item: Item): Tool[] {
  const { role, parts, tool_call_id: id } = item.event;
  if (isWholeResult(item)) return [{ kind: 'result', id, item, part: undefined }];
  return parts.flatMap((part: any): Tool[] => {
    if (isResult(part)) return [{ kind: 'result', id: part.tool_call_id ?? part.id, item, part }];
    const isCall = part.type === 'tool_call' && role === 'assistant';
    return isCall ? [{ kind: 'call', id: part.id, item, part }] : [];
  });
}

function isResult({ type }: any): boolean {
  return type === 'tool_result' || type === 'tool-result';
}

function isWholeResult({ event: { role, parts, tool_call_id: id } }: Item): boolean {
  const isContent = (part: any) => typeof part.text === 'string';
  return role === 'tool' && !parts.some(isResult) && (id !== undefined || parts.every(isContent));
}

/** Whether an event is a message of the user that is more than tool results. */
export function startsTurn(item: Item): boolean {
  return item.event.role === 'user' && toolsOf(item).length < item.event.parts.length;
}

export function isReasoningOnly({ event: { role, parts } }: Item): boolean {
  return role !== 'tool' && parts.length > 0 && parts.every(({ type }: any) => type === 'reasoning');
}

/**
 * spec.md §6.2: a result belongs to the nearest earlier call with its id that has no result yet. A result without an id belongs
 * to the only call of its turn that has none yet.
 */
export function pairsOf(items: readonly Item[]): [call: Tool, result: Tool][] {
  const pairs: [Tool, Tool][] = [];
  let open: { call: Tool; turn: number }[] = [];
  let turn = 0;
  for (const item of items) {
    for (const tool of toolsOf(item)) {
      if (tool.kind === 'call') {
        open.push({ call: tool, turn });
        continue;
      }
      const ofTurn = open.filter((each) => each.turn === turn);
      const onlyOfTurn = ofTurn.length === 1 ? ofTurn[0] : undefined;
      const match = tool.id === undefined ? onlyOfTurn : open.findLast(({ call }) => call.id === tool.id);
      if (match) pairs.push([match.call, tool]);
      open = open.filter((each) => each !== match);
    }
    if (startsTurn(item)) turn += 1;
  }
  return pairs;
}
