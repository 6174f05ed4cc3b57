import { isObject } from '../common/json/is-object.js';

/**
 * Whether an event has content beside `parts` and `content`, as messages of OpenAI Chat have: `tool_calls`, `refusal`, `audio` or
 * the older `function_call`. Its parts may then be empty.
 */
export function hasOtherContent(event: Readonly<Record<string, unknown>>): boolean {
  const { tool_calls: toolCalls, refusal, audio, function_call: functionCall } = event;
  const hasCalls = Array.isArray(toolCalls) && toolCalls.length > 0;
  return (
    hasCalls || (typeof refusal === 'string' && refusal !== '') || isObject(audio) || isObject(functionCall)
  );
}
