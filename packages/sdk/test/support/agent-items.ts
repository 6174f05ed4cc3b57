import type { AgentInputItem } from '@openai/agents';

export const userMessage = (content: string): AgentInputItem => ({ role: 'user', content });
export const functionCall = (callId: string): AgentInputItem => ({
  type: 'function_call',
  callId,
  name: 'lookup',
  arguments: '{"city":"Oslo"}',
  status: 'completed',
});
export const functionResult = (callId: string): AgentInputItem => ({
  type: 'function_call_result',
  callId,
  name: 'lookup',
  status: 'completed',
  output: { type: 'text', text: 'rain' },
});
export const assistantMessage = (text: string): AgentInputItem => ({
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text }],
});

/** An item of each kind. They include optional fields, empty values and JSON spellings that a conversion could lose. */
export const ALL_ITEM_KINDS: AgentInputItem[] = [
  { role: 'user', content: 'plain' },
  { type: 'message', role: 'user', content: '', providerData: { a: null } },
  {
    role: 'user',
    id: 'u-1',
    content: [
      { type: 'input_text', text: 'look', providerData: { b: 1 } },
      { type: 'input_image', image: 'data:image/png;base64,AAAA', detail: 'low' },
      { type: 'input_file', file: { url: 'https://example.com/a.pdf' }, filename: 'a.pdf' },
    ],
  },
  { role: 'user', content: [] },
  { type: 'message', role: 'system', content: 'Be kind.' },
  {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    phase: 'final_answer',
    content: [
      { type: 'output_text', text: 'Hello', providerData: { annotations: [] } },
      { type: 'refusal', refusal: 'no' },
    ],
  },
  { type: 'reasoning', id: 'rs_0', content: [], providerData: { encrypted_content: 'x' } },
  {
    type: 'reasoning',
    content: [
      { type: 'input_text', text: 'one' },
      { type: 'input_text', text: 'two' },
    ],
    rawContent: [{ type: 'reasoning_text', text: 'raw' }],
  },
  { type: 'function_call', callId: 'c-1', name: 'f', arguments: '{"b":1,"a":[1.50]}', id: 'fc_1' },
  { type: 'function_call_result', callId: 'c-1', name: 'f', status: 'completed', output: 'a text' },
  { type: 'function_call', callId: 'c-2', name: 'f', arguments: ' not json', status: 'completed' },
  {
    type: 'function_call_result',
    callId: 'c-2',
    name: 'f',
    status: 'completed',
    output: [{ type: 'input_text', text: 'list' }],
  },
  { type: 'function_call', callId: 'c-3', name: 'f', arguments: '', namespace: 'n' },
  {
    type: 'function_call_result',
    callId: 'c-3',
    name: 'f',
    status: 'completed',
    output: { type: 'text', text: 'x', providerData: {} },
  },
  { type: 'hosted_tool_call', name: 'web_search', status: 'completed', output: 'found' },
  { type: 'computer_call', callId: 'c-4', status: 'completed', action: { type: 'screenshot' } },
  { type: 'computer_call_result', callId: 'c-4', output: { type: 'computer_screenshot', data: 'AAAA' } },
  { type: 'tool_search_call', id: 'ts_1', arguments: { query: 'f' } },
  { type: 'tool_search_output', id: 'ts_2', tools: [] },
  { type: 'compaction', encrypted_content: 'zzz' },
  { type: 'unknown', providerData: { type: 'new', x: 1 } },
];
