import type { Part } from '../types.js';

/** A call of a tool, whatever it is spelled like. */
export interface ToolCall {
  id?: string;
  name: string;
  input: unknown;
  providerExecuted?: true;
}

/** What a tool gave; without an id it answers the oldest call that waits. */
export interface ToolResult {
  id?: string;
  name?: string;
  output: unknown;
  isError: boolean;
}

/** `tool-NAME` and `dynamic-tool` of a UI message: the call and its result in one. Only these have a state. */
export function isUiToolPart({ type, state, toolCallId }: Part): boolean {
  return (
    (type === 'dynamic-tool' || type.startsWith('tool-')) &&
    typeof state === 'string' &&
    typeof toolCallId === 'string'
  );
}

/** The call that a part is: `tool-call` of the AI SDK, `tool_call` as with OpenAI, `tool_use` as with Anthropic. */
export function toolCallOf(part: Part): ToolCall | undefined {
  if (!['tool-call', 'tool_call', 'tool_use'].includes(part.type)) return undefined;
  const call = isObject(part.function) ? { ...part, ...part.function } : part;
  const name = firstString(call.toolName, call.tool_name, call.name);
  if (name === undefined) return undefined;
  return {
    id: firstString(call.toolCallId, call.tool_call_id, call.call_id, call.id),
    name,
    input: inputOf(call.input ?? call.args ?? call.arguments ?? call.payload),
    ...(call.providerExecuted === true && { providerExecuted: true }),
  };
}

/** The result that a part is: `tool-result` of the AI SDK, `tool_result` as with OpenAI and Anthropic. */
export function toolResultOf(part: Part): ToolResult | undefined {
  if (part.type !== 'tool-result' && part.type !== 'tool_result') return undefined;
  const given = part.output ?? part.result ?? part.content ?? part.payload ?? null;
  return {
    id: firstString(part.toolCallId, part.tool_call_id, part.tool_use_id, part.call_id, part.id),
    name: firstString(part.toolName, part.tool_name, part.name),
    ...(part.type === 'tool-result' ? modelOutput(given) : { output: given, isError: false }),
    ...((part.isError === true || part.is_error === true) && { isError: true }),
  };
}

/** Out of the wrapping that `ModelMessage`s have. */
function modelOutput(output: unknown): { output: unknown; isError: boolean } {
  const { type, value, reason }: Record<string, unknown> = isObject(output) ? output : {};
  switch (type) {
    case 'text':
    case 'json':
    case 'content':
      return { output: value, isError: false };
    case 'error-text':
    case 'error-json':
      return { output: value, isError: true };
    case 'execution-denied':
      return { output: reason ?? 'Tool execution denied.', isError: true };
    default:
      return { output, isError: false };
  }
}

/** The providers take objects only; models write them as JSON, and not always well. */
function inputOf(given: unknown): unknown {
  if (isObject(given)) return given;
  if (given === undefined || given === null || given === '') return {};
  if (typeof given !== 'string') return { input: given };
  try {
    const parsed: unknown = JSON.parse(given);
    return isObject(parsed) ? parsed : { input: parsed };
  } catch {
    return { input: given };
  }
}

function firstString(...values: unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
