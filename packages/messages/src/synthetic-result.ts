import type { MessageEvent, Part } from './event.js';
import type { ToolCallItem } from './items.js';

/** What the model reads in the place of a result that was never recorded. */
export const NO_RESULT_TEXT = 'No result was recorded for this call';

/** A screenshot of one transparent pixel: computer calls accept nothing but an image. */
export const EMPTY_SCREENSHOT =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

/** The messages that answer calls of one event which have no result, in the dialect of the calls. */
export function syntheticResults(calls: readonly ToolCallItem[]): MessageEvent[] {
  const ofFields = calls.filter(({ place }) => place.field !== 'parts');
  const ofParts = calls.filter(({ place }) => place.field === 'parts');
  const anthropic = ofParts.filter(({ source }) => source.type === 'tool_use');
  const others = ofParts.filter(({ source }) => source.type !== 'tool_use');
  return [
    ...ofFields.map(chatResult),
    ...(anthropic.length ? [synthetic('user', anthropic.map(anthropicResult))] : []),
    ...(others.length ? [synthetic('tool', others.map(resultPart))] : []),
  ];
}

function synthetic(role: 'tool' | 'user', parts: Part[], fields: Record<string, unknown> = {}): MessageEvent {
  return { role, ...fields, parts, synthetic: true };
}

function chatResult({ id }: ToolCallItem): MessageEvent {
  const fields = id === undefined ? {} : { tool_call_id: id };
  return synthetic('tool', [{ type: 'text', text: NO_RESULT_TEXT }], fields);
}

function anthropicResult({ id }: ToolCallItem): Part {
  return { type: 'tool_result', tool_use_id: id, content: NO_RESULT_TEXT, is_error: true };
}

/** The result of each type of call, as its dialect writes it. */
const RESULT_PARTS: Readonly<Record<string, (call: ToolCallItem) => Part>> = {
  'tool-call': ({ id, name }) => ({
    type: 'tool-result',
    toolCallId: id,
    toolName: name,
    output: { type: 'error-text', value: NO_RESULT_TEXT },
  }),
  function_call: ({ id }) => ({ type: 'function_call_output', call_id: id, output: NO_RESULT_TEXT }),
  custom_tool_call: ({ id }) => ({ type: 'custom_tool_call_output', call_id: id, output: NO_RESULT_TEXT }),
  computer_call: ({ id }) => ({
    type: 'computer_call_output',
    call_id: id,
    output: { type: 'computer_screenshot', image_url: EMPTY_SCREENSHOT },
  }),
  shell_call: ({ id }) => ({
    type: 'shell_call_output',
    call_id: id,
    output: [{ stdout: '', stderr: NO_RESULT_TEXT, outcome: { type: 'exit', exit_code: 1 } }],
  }),
  local_shell_call: ({ id }) => ({ type: 'local_shell_call_output', id, output: NO_RESULT_TEXT }),
  apply_patch_call: ({ id }) => ({
    type: 'apply_patch_call_output',
    call_id: id,
    status: 'failed',
    output: NO_RESULT_TEXT,
  }),
  tool_search_call: ({ id }) => ({
    type: 'tool_search_output',
    call_id: id,
    execution: 'client',
    status: 'completed',
    tools: [],
  }),
};

/** As `RESULT_PARTS`, in the spelling of the OpenAI Agents SDK. */
const AGENTS_RESULT_PARTS: Readonly<Record<string, (call: ToolCallItem) => Part>> = {
  function_call: ({ id, name }) => ({
    type: 'function_call_result',
    callId: id,
    name,
    status: 'completed',
    output: { type: 'text', text: NO_RESULT_TEXT },
  }),
  computer_call: ({ id }) => ({
    type: 'computer_call_result',
    callId: id,
    output: { type: 'computer_screenshot', data: EMPTY_SCREENSHOT },
  }),
  shell_call: ({ id }) => ({
    type: 'shell_call_output',
    callId: id,
    output: [{ stdout: '', stderr: NO_RESULT_TEXT, outcome: { type: 'exit', exitCode: 1 } }],
  }),
  apply_patch_call: ({ id }) => ({
    type: 'apply_patch_call_output',
    callId: id,
    status: 'failed',
    output: NO_RESULT_TEXT,
  }),
};

function resultPart(call: ToolCallItem): Part {
  const { id, name, source } = call;
  const parts = typeof source.callId === 'string' ? AGENTS_RESULT_PARTS : RESULT_PARTS;
  const write = parts[String(source.type)];
  if (write) return write(call);
  return {
    type: 'tool_result',
    ...(id !== undefined && { tool_call_id: id }),
    name,
    content: NO_RESULT_TEXT,
  };
}
