import { expect } from '@jest/globals';
import type { HttpClient } from './http-client.js';

const text = (value: string) => ({ type: 'text', text: value });
/** A transparent pixel. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

/**
 * One conversation in several dialects, as it is after a few months with several models. No provider accepts its messages as they
 * are: a tool call has no result, results stand where a provider does not expect them, ids repeat, a text is ill-formed.
 */
export const MIXED_CONVERSATION: readonly object[] = [
  { role: 'system', content: 'You help the customers of a shop.' },
  { role: 'user', content: 'Where is my order 1042?' },
  // OpenAI Chat Completions
  {
    role: 'assistant',
    content: 'I look it up.',
    tool_calls: [
      { id: 'call_0', type: 'function', function: { name: 'find_order', arguments: '{"id":1042}' } },
      { id: 'call_1', type: 'function', function: { name: 'find_parcel', arguments: '{"id":1042}' } },
    ],
  },
  { role: 'tool', tool_call_id: 'call_1', content: '{"place":"Lyon"}' },
  { role: 'tool', tool_call_id: 'call_0', content: '{"sent":true}' },
  { role: 'assistant', content: 'It is in Lyon.' },
  { role: 'developer', content: 'The shop is closed tomorrow.' },
  // Anthropic
  { role: 'user', parts: [text('It looks like this.'), imageBlock()] },
  {
    role: 'assistant',
    parts: [
      { type: 'thinking', thinking: 'A broken cup.', signature: 'c2lnbmF0dXJl' },
      text('I note it.'),
      { type: 'tool_use', id: 'call_0', name: 'note', input: { text: 'broken' } },
    ],
  },
  {
    role: 'user',
    parts: [text('Please hurry'), { type: 'tool_result', tool_use_id: 'call_0', content: 'noted' }],
  },
  // OpenAI Responses
  {
    role: 'assistant',
    parts: [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'Z0FBQUE=' }],
  },
  {
    role: 'assistant',
    parts: [
      { type: 'function_call', id: 'fc_1', call_id: 'call_0', name: 'note', arguments: '{"text":"hurry"}' },
    ],
  },
  { role: 'tool', parts: [{ type: 'function_call_output', call_id: 'call_0', output: 'noted' }] },
  // AI SDK
  {
    role: 'assistant',
    parts: [
      { type: 'step-start' },
      {
        type: 'tool-refund order',
        toolCallId: 'call.1',
        state: 'output-available',
        input: { order: 1042 },
        output: { refunded: true },
      },
      { type: 'step-start' },
      { ...text('Your money is on its way.'), state: 'done' },
    ],
  },
  { role: 'user', content: 'And the cup? \ud83d' },
  // The process ended before the tool had run.
  {
    role: 'assistant',
    parts: [{ type: 'tool-call', toolCallId: 'call_9', toolName: 'order_cup', input: { count: 1 } }],
  },
  { role: 'user', content: 'Are you still there?' },
];

function imageBlock(): object {
  return { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } };
}

/** Appends `MIXED_CONVERSATION` to a new conversation. */
export async function createMixedConversation(http: HttpClient, id: string): Promise<void> {
  await http.put(id);
  const { status, text: body } = await http.append(id, { events: MIXED_CONVERSATION });
  expect(`${status} ${body}`).toMatch(/^201/);
}
