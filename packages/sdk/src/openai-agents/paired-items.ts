import type { AgentInputItem } from '@openai/agents';
import { ToolPairing } from '../messages/tool-pairing.js';

/** The types of tool results, each with the type of its call. */
export const CALL_TYPE_OF_RESULT: Readonly<Record<string, string>> = {
  function_call_result: 'function_call',
  computer_call_result: 'computer_call',
  shell_call_output: 'shell_call',
  apply_patch_call_output: 'apply_patch_call',
  program_output: 'program',
  tool_search_output: 'tool_search_call',
};

/** Calls that need a result. Hosted tools may have none. */
const NEEDS_RESULT = new Set(['function_call', 'computer_call', 'apply_patch_call']);

/**
 * Leaves out what providers reject: results without their call, calls without their result, and the reasoning before such a call. A policy, a
 * compaction or the token budget may have removed the other half. Calls after the last message are kept: their results may still follow.
 */
export function keepPairedItems<Entry extends { item: AgentInputItem }>(entries: readonly Entry[]): Entry[] {
  const paired = findPairedItems(entries);
  const currentTurnStart = entries.findLastIndex(({ item }) => 'role' in item) + 1;
  const isKept = entries.map(({ item }, index) => {
    const { type, callId } = callOf(item);
    if (callId === undefined || paired.has(index)) return true;
    return !(type in CALL_TYPE_OF_RESULT) && (!NEEDS_RESULT.has(type) || index >= currentTurnStart);
  });
  for (let index = entries.length - 2; index >= 0; index -= 1) {
    if (entries[index]?.item.type === 'reasoning' && isKept[index + 1] === false) isKept[index] = false;
  }
  return entries.filter((_, index) => isKept[index]);
}

/** The indexes of the calls and results that belong together. */
function findPairedItems(entries: readonly { item: AgentInputItem }[]): Set<number> {
  const paired = new Set<number>();
  const pairing = new ToolPairing<number>();
  for (const [index, { item }] of entries.entries()) {
    const { type, callId } = callOf(item);
    if (callId === undefined) continue;
    const id = `${CALL_TYPE_OF_RESULT[type] ?? type} ${callId}`;
    if (type in CALL_TYPE_OF_RESULT) {
      const call = pairing.addResult({ id });
      if (call !== undefined) paired.add(call).add(index);
    } else {
      pairing.forgetOpenCalls(id); // a call whose id is used again gets no result
      pairing.addCall(index, { id });
    }
  }
  return paired;
}

function callOf(item: AgentInputItem): { type: string; callId?: string } {
  const { type = 'message', callId } = item as { type?: string; callId?: unknown };
  return typeof callId === 'string' ? { type, callId } : { type };
}
