import { isObject, type MessageEvent, type Part } from '../event.js';
import type { Item } from '../items.js';
import { callId, readToolCall } from './tool-calls.js';

/**
 * Adds the items of a message of the model that OpenAI Chat and LangChain write beside the content of a message: `reasoning_content`, `refusal`,
 * `audio` (its transcript), `tool_calls` and the older `function_call`. LangChain repeats calls of its content in `tool_calls`; they count once.
 */
export function readFields(event: MessageEvent, parts: readonly Item[]): Item[] {
  const {
    refusal,
    audio,
    reasoning_content: reasoning,
    tool_calls: toolCalls,
    function_call: functionCall,
  } = event;
  const before: Item[] = [];
  if (typeof reasoning === 'string' && reasoning !== '') {
    const place = { field: 'reasoning_content' as const, index: 0 };
    before.push({ kind: 'reasoning', text: reasoning, source: event, place });
  }
  const after: Item[] = [];
  if (typeof refusal === 'string' && refusal !== '') {
    const place = { field: 'refusal' as const, index: 0 };
    after.push({ kind: 'text', text: refusal, isRefusal: true, source: event, place });
  }
  if (isObject(audio) && typeof audio.transcript === 'string') {
    const place = { field: 'audio' as const, index: 0 };
    after.push({ kind: 'text', text: audio.transcript, isRefusal: false, source: event, place });
  }
  const known = new Set(parts.map((item) => (item.kind === 'call' ? item.id : undefined)));
  for (const [index, call] of (Array.isArray(toolCalls) ? toolCalls : []).entries()) {
    if (!isObject(call)) continue;
    const id = callId(call);
    if (id !== undefined && known.has(id)) continue;
    after.push(...readFieldCall(call, 'tool_calls', index));
  }
  if (isObject(functionCall)) after.push(...readFieldCall(functionCall, 'function_call', 0));
  return [...before, ...parts, ...after];
}

/** OpenAI's custom tools have `custom: { name, input }` in the place of `function: { name, arguments }`. */
function readFieldCall(
  call: Record<string, unknown>,
  field: 'tool_calls' | 'function_call',
  index: number,
): Item[] {
  const { custom } = call;
  const part = { ...call, ...(isObject(custom) && custom), type: 'tool_call' } as Part;
  const place = { field, index };
  const items = readToolCall(part, place) ?? [];
  return items.map((item) => ({ ...item, source: call, place }));
}
