import { firstString, isObject, type Part } from '../event.js';
import type { Item, Place } from '../items.js';
import { readHostedCall } from './hosted-calls.js';
import { readInput } from './tool-inputs.js';

/*
 * The types of tool calls. Anthropic: `tool_use`, `server_tool_use`, `mcp_tool_use`. AI SDK: `tool-call`. OpenAI Responses and
 * Agents: the types with `_call`, and `program`. LangChain: `tool_call`, `invalid_tool_call`, `server_tool_call`. Ours:
 * `tool_call`.
 */
const CALL_TYPES = new Set([
  ...['tool_use', 'tool-call', 'tool_call', 'invalid_tool_call', 'function_call', 'custom_tool_call'],
  ...['computer_call', 'shell_call', 'local_shell_call', 'apply_patch_call', 'tool_search_call'],
]);
const PROVIDER_EXECUTED_TYPES = new Set(['server_tool_use', 'mcp_tool_use', 'server_tool_call', 'program']);

/** The tool name for types of calls without a `name` field. */
const NAME_BY_TYPE: Readonly<Record<string, string>> = {
  computer_call: 'computer',
  shell_call: 'shell',
  local_shell_call: 'local_shell',
  apply_patch_call: 'apply_patch',
  tool_search_call: 'tool_search',
  program: 'program',
};

/** Reads a tool call; for a call that also holds its output, the call and its result. Undefined for other parts. */
export function readToolCall(part: Part, place: Place): Item[] | undefined {
  const hosted = readHostedCall(part, place);
  if (hosted) return hosted;
  const isProviderExecuted = PROVIDER_EXECUTED_TYPES.has(part.type);
  if (!isProviderExecuted && !CALL_TYPES.has(part.type)) return undefined;
  const call = isObject(part.function) ? { ...part, ...part.function } : part;
  const name = firstString(call.toolName, call.tool_name, call.name, NAME_BY_TYPE[part.type]);
  if (name === undefined) return undefined;
  return [
    {
      kind: 'call',
      id: callId(call),
      name,
      input: inputOf(call),
      isProviderExecuted: isProviderExecuted || part.providerExecuted === true || isHosted(part),
      source: part,
      place,
    },
  ];
}

/**
 * The id that a result refers to. A Responses item has its own `id` beside the `call_id`; where both are given, results refer
 * to the latter. A tool search that OpenAI runs has no `call_id`: its output follows it, so both have the same id for us.
 */
export function callId(call: Record<string, unknown>): string | undefined {
  return firstString(
    ...[call.toolCallId, call.tool_call_id, call.callId, call.call_id],
    String(call.type).startsWith('tool_search_') ? 'tool_search' : undefined,
    call.id,
  );
}

function inputOf(call: Record<string, unknown>): unknown {
  const { input, args, payload, action, actions, operation, code } = call;
  if (typeof code === 'string' && call.type === 'program') return { code };
  return readInput(
    input ?? args ?? call.arguments ?? payload ?? action ?? operation ?? (actions && { actions }),
  );
}

/** Calls that OpenAI itself executes. */
function isHosted({ type, execution, environment }: Part): boolean {
  if (type === 'shell_call') return isObject(environment) && environment.type === 'container_reference';
  return type === 'tool_search_call' && execution !== 'client';
}
