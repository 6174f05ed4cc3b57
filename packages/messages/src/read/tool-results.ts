import { firstString, type MessageEvent, type Part } from '../event.js';
import type { Place, ToolOutput, ToolResultItem } from '../items.js';
import { readMedia } from './media.js';
import { callId } from './tool-calls.js';
import { isErrorOutput, readOutput } from './tool-outputs.js';

/*
 * The types of tool results. Anthropic: `tool_result`, and one type per server tool. AI SDK: `tool-result`. OpenAI Responses
 * and Agents: the types with `_output` and `_call_result`. LangChain: `server_tool_call_result`. Ours: `tool_result`.
 */
const RESULT_TYPES = new Set([
  ...[
    'tool_result',
    'tool-result',
    'function_call_output',
    'function_call_result',
    'custom_tool_call_output',
  ],
  ...['computer_call_output', 'computer_call_result', 'shell_call_output', 'local_shell_call_output'],
  ...['apply_patch_call_output', 'tool_search_output', 'program_output', 'server_tool_call_result'],
  ...['mcp_tool_result', 'web_search_tool_result', 'web_fetch_tool_result', 'tool_search_tool_result'],
  ...[
    'code_execution_tool_result',
    'bash_code_execution_tool_result',
    'text_editor_code_execution_tool_result',
    'advisor_tool_result',
  ],
]);

/** Reads a tool result; undefined for other parts. */
export function readToolResult(part: Part, place: Place): ToolResultItem | undefined {
  if (!RESULT_TYPES.has(part.type)) return undefined;
  return {
    kind: 'result',
    callId: firstString(part.tool_use_id, callId(part)),
    name: firstString(part.toolName, part.tool_name, part.name),
    output: outputOf(part),
    isError: isError(part),
    source: part,
    place,
  };
}

function outputOf({ output, result, content, payload, tools }: Part): ToolOutput {
  const given = output ?? result ?? content ?? payload ?? tools;
  const isEmpty = given === undefined || (given === content && Array.isArray(given) && given.length === 0);
  return readOutput(isEmpty ? '' : given);
}

function isError({ isError: flag, is_error: anthropicFlag, status, output, content }: Part): boolean {
  return (
    flag === true ||
    anthropicFlag === true ||
    status === 'error' ||
    status === 'failed' ||
    isErrorOutput(output) ||
    isErrorOutput(content)
  );
}

/**
 * Reads an event that as a whole is a tool result: of the role `tool`, without a part that is one. OpenAI and LangChain name
 * the call in the event, as `tool_call_id`. An event without it is a result if it has nothing but texts and media.
 */
export function readToolEvent(event: MessageEvent): ToolResultItem | undefined {
  if (event.role !== 'tool' || event.parts.some(isOfToolMessage)) return undefined;
  const id = firstString(event.tool_call_id, event.toolCallId);
  if (id === undefined && !event.parts.every(isContent)) return undefined;
  const [only] = event.parts;
  const isText = event.parts.length === 1 && only?.type === 'text' && typeof only.text === 'string';
  return {
    kind: 'result',
    callId: id,
    name: firstString(event.name),
    output: isText ? readOutput(only.text) : outputOf({ type: 'tool', content: event.parts }),
    isError: event.status === 'error',
    source: event,
    place: { field: 'event', index: 0 },
  };
}

/** Whether a part shows that a message of the role `tool` has its results, or approvals of the AI SDK, as parts. */
export function isOfToolMessage({ type }: Part): boolean {
  return RESULT_TYPES.has(type) || type === 'tool-approval-response';
}

function isContent(part: Part): boolean {
  return typeof part.text === 'string' || readMedia(part) !== undefined;
}
