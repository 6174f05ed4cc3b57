import { isObject, type Part } from './message.js';

/** A tool call, independent of the dialect it was written in. */
export interface ToolCall {
  id?: string;
  name: string;
  input: unknown;
  providerExecuted?: true;
}

/** A tool result, independent of the dialect it was written in. */
export interface ToolResult {
  id?: string;
  name?: string;
  output: unknown;
  isError: boolean;
}

/** `tool-NAME` or `dynamic-tool` of a UI message: one part for the call and its result. Only these parts have a `state`. */
export function isUiToolPart({ type, state, toolCallId }: Part): boolean {
  return (
    (type === 'dynamic-tool' || type.startsWith('tool-')) &&
    typeof state === 'string' &&
    typeof toolCallId === 'string'
  );
}

/** The name of the tool that a UI tool part calls. */
export function uiToolName({ type, toolName }: Part): string {
  return type === 'dynamic-tool' ? String(toolName) : type.slice('tool-'.length);
}

/** Reads a call: `tool-call` of the AI SDK, `tool_call` in the spellings of OpenAI, `tool_use` of Anthropic. */
export function toolCallOf(part: Part): ToolCall | undefined {
  if (!['tool-call', 'tool_call', 'tool_use'].includes(part.type)) return undefined;
  const call = isObject(part.function) ? { ...part, ...part.function } : part;
  const name = firstString(call.toolName, call.tool_name, call.name);
  if (name === undefined) return undefined;
  return {
    id: firstString(call.toolCallId, call.tool_call_id, call.call_id, call.id),
    name,
    input: toInputObject(call.input ?? call.args ?? call.arguments ?? call.payload),
    ...(call.providerExecuted === true && { providerExecuted: true }),
  };
}

/** Reads a result: `tool-result` of the AI SDK, `tool_result` in the spellings of OpenAI and Anthropic. */
export function toolResultOf(part: Part): ToolResult | undefined {
  if (part.type !== 'tool-result' && part.type !== 'tool_result') return undefined;
  const output = part.output ?? part.result ?? part.content ?? part.payload ?? null;
  return {
    id: firstString(part.toolCallId, part.tool_call_id, part.tool_use_id, part.call_id, part.id),
    name: firstString(part.toolName, part.tool_name, part.name),
    ...(part.type === 'tool-result' ? unwrapOutput(output) : { output, isError: false }),
    ...((part.isError === true || part.is_error === true) && { isError: true }),
  };
}

/** Unwraps the `output` of an AI SDK `ModelMessage`. */
function unwrapOutput(output: unknown): { output: unknown; isError: boolean } {
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

/** Providers accept only objects. Models write the input as JSON, which is sometimes invalid. */
function toInputObject(input: unknown): unknown {
  if (isObject(input)) return input;
  if (input === undefined || input === null || input === '') return {};
  if (typeof input !== 'string') return { input };
  try {
    const parsed: unknown = JSON.parse(input);
    return isObject(parsed) ? parsed : { input: parsed };
  } catch {
    return { input };
  }
}

function firstString(...values: unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}
