import type { AgentInputItem } from '@openai/agents';

/** The types of results, and of the calls that they answer. */
export const ANSWERED_BY: Readonly<Record<string, string>> = {
  function_call_result: 'function_call',
  computer_call_result: 'computer_call',
  shell_call_output: 'shell_call',
  apply_patch_call_output: 'apply_patch_call',
  program_output: 'program',
  tool_search_output: 'tool_search_call',
};

/** A call of this type needs its result; hosted ones may have none. */
const NEEDS_RESULT = new Set(['function_call', 'computer_call', 'apply_patch_call']);

/**
 * Leaves out results without their call, calls without their result, and the reasoning that led to such a call: providers refuse all
 * three, and a window, a policy or a compaction may have taken one of them. Calls of the turn that is still going on
 * stay: their results are yet to come. An id may be used again once its call is answered.
 */
export function validPairs<Entry extends { item: AgentInputItem }>(entries: readonly Entry[]): Entry[] {
  const openCalls = new Map<string, number>();
  const paired = new Set<number>();
  for (const [index, { item }] of entries.entries()) {
    const { type, callId } = callOf(item);
    if (callId === undefined) continue;
    const key = `${ANSWERED_BY[type] ?? type} ${callId}`;
    if (!(type in ANSWERED_BY)) openCalls.set(key, index);
    else {
      const answered = openCalls.get(key);
      if (answered !== undefined) paired.add(answered).add(index);
      openCalls.delete(key);
    }
  }
  const stillOpenFrom = entries.findLastIndex(({ item }) => 'role' in item) + 1;
  const kept = entries.map(({ item }, index) => {
    const { type, callId } = callOf(item);
    if (callId === undefined || paired.has(index)) return true;
    return !(type in ANSWERED_BY) && (!NEEDS_RESULT.has(type) || index >= stillOpenFrom);
  });
  for (let index = entries.length - 2; index >= 0; index -= 1) {
    if (entries[index]?.item.type === 'reasoning' && kept[index + 1] === false) kept[index] = false;
  }
  return entries.filter((_, index) => kept[index]);
}

function callOf(item: AgentInputItem): { type: string; callId?: string } {
  const { type = 'message', callId } = item as { type?: string; callId?: unknown };
  return typeof callId === 'string' ? { type, callId } : { type };
}
