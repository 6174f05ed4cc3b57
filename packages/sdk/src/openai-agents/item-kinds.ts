import type { AgentInputItem } from '@openai/agents';

/** The types of tool results, each with the type of its call. */
export const CALL_TYPE_OF_RESULT: Readonly<Record<string, string>> = {
  function_call_result: 'function_call',
  computer_call_result: 'computer_call',
  shell_call_output: 'shell_call',
  apply_patch_call_output: 'apply_patch_call',
  program_output: 'program',
  tool_search_output: 'tool_search_call',
};

export function isReasoning({ type }: AgentInputItem): boolean {
  return type === 'reasoning';
}

/** A message that is not of the model. */
export function isInput(item: AgentInputItem): boolean {
  return 'role' in item && item.role !== 'assistant';
}

export function isResultType(type: unknown): type is string {
  return typeof type === 'string' && Object.hasOwn(CALL_TYPE_OF_RESULT, type);
}

export function isResult({ type }: AgentInputItem): boolean {
  return isResultType(type);
}

/** An item that a model answers with: a message, a call, or reasoning. */
export function isOfModel(item: AgentInputItem): boolean {
  return !isInput(item) && !isResult(item) && item.type !== 'compaction';
}
