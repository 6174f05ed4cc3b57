import { describe, expect, it } from '@jest/globals';
import { testRules, type RuleCase } from '../../../test/support/rule-cases.js';
import type { OpenAiResponsesOptions } from './options.js';
import { OPENAI_RESPONSES_RULES } from './rules.js';
import { validateOpenAiResponses } from './validate-openai-responses.js';

const user = (content: unknown, fields = {}) => ({ role: 'user', content, ...fields });
const assistant = (content: unknown, fields = {}) => ({ role: 'assistant', content, ...fields });
const call = (callId: string, fields = {}) => ({
  type: 'function_call',
  call_id: callId,
  name: 'f',
  arguments: '{}',
  ...fields,
});
const output = (callId: string, fields = {}) => ({
  type: 'function_call_output',
  call_id: callId,
  output: 'ok',
  ...fields,
});
const reasoning = (id: string, fields = {}) => ({
  type: 'reasoning',
  id,
  summary: [],
  encrypted_content: 'x',
  ...fields,
});
const answer = (id: string) => ({
  type: 'message',
  id,
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'Hello', annotations: [] }],
});
const image = (fields: unknown) => user([{ type: 'input_image', detail: 'auto', ...(fields as object) }]);
const file = (fields: unknown) => user([{ type: 'input_file', ...(fields as object) }]);

const input = (...items: unknown[]) => ({ input: items });
const hi = user('Hi');
const oneCall = input(hi, call('a'), output('a'));

const CASES: RuleCase<OpenAiResponsesOptions>[] = [
  {
    rule: 'type',
    rejects: 'arguments that are not a string',
    accepted: oneCall,
    rejected: input(hi, call('a', { arguments: {} }), output('a')),
    at: 'input[1].arguments',
  },
  {
    rule: 'required',
    rejects: 'an output without the id of its call',
    accepted: oneCall,
    rejected: input(...oneCall.input, { type: 'function_call_output', output: 'x' }),
    at: 'input[3].call_id',
    also: ['orphan-call-output at input[3]'],
  },
  {
    rule: 'required',
    rejects: 'an image without an address',
    accepted: input(image({ image_url: 'https://example.com/a.png' }), image({ file_id: 'file-1' })),
    rejected: input(image({})),
    at: 'input[0].content[0].image_url',
  },
  {
    rule: 'unknown-field',
    rejects: 'a field that the API does not know',
    accepted: input(hi, assistant('Hello', { phase: 'final_answer' })),
    rejected: input(user('Hi', { phase: 'final_answer' })),
    at: 'input[0].phase',
  },
  {
    rule: 'value',
    rejects: 'an item of an unknown type',
    accepted: input({ type: 'message', ...hi }),
    rejected: input({ type: 'tool_use', ...hi }),
    at: 'input[0].type',
  },
  {
    rule: 'value',
    rejects: 'an image that is both uploaded and linked',
    accepted: input(image({ file_id: 'file-1', image_url: null })),
    rejected: input(image({ file_id: 'file-1', image_url: 'https://example.com/a.png' })),
    at: 'input[0].content[0].image_url',
  },
  {
    rule: 'empty',
    rejects: 'a message without content',
    accepted: input(user([{ type: 'input_text', text: '' }])),
    rejected: input(user([])),
    at: 'input[0].content',
  },
  {
    rule: 'empty',
    rejects: 'an empty text as the input',
    accepted: { input: 'Hi' },
    rejected: { input: '' },
    at: 'input',
  },
  {
    rule: 'too-long',
    rejects: 'a call id of more than 64 characters',
    accepted: input(hi, call('c'.repeat(64)), output('c'.repeat(64))),
    rejected: input(hi, call('c'.repeat(65)), output('c'.repeat(65))),
    at: 'input[1].call_id',
    also: ['too-long at input[2].call_id'],
  },
  {
    rule: 'pattern',
    rejects: 'the id of an item with another prefix than its type has',
    accepted: input(hi, reasoning('rs_1'), call('a', { id: 'fc_1' }), output('a')),
    rejected: input(hi, reasoning('rs_1'), call('a', { id: 'call_1' }), output('a')),
    at: 'input[2].id',
  },
  {
    rule: 'pattern',
    rejects: 'the name of a function with a dot',
    accepted: input(hi, call('a', { name: 'a-b_1' }), output('a')),
    rejected: input(hi, call('a', { name: 'a.b' }), output('a')),
    at: 'input[1].name',
  },
  {
    rule: 'pattern',
    rejects: 'an inline file that is not a data URL',
    accepted: input(file({ filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' })),
    rejected: input(file({ filename: 'a.pdf', file_data: 'JVBERi0=' })),
    at: 'input[0].content[0].file_data',
  },
  {
    rule: 'base64',
    rejects: 'an inline image with invalid base64',
    accepted: input(image({ image_url: 'data:image/png;base64,YQ==' })),
    rejected: input(image({ image_url: 'data:image/png;base64,**' })),
    at: 'input[0].content[0].image_url',
  },
  {
    rule: 'part-role',
    rejects: 'an input text in an assistant message',
    accepted: input(hi, assistant([{ type: 'output_text', text: 'Hello' }])),
    rejected: input(hi, assistant([{ type: 'input_text', text: 'Hello' }])),
    at: 'input[1].content[0]',
  },
  {
    rule: 'unicode',
    rejects: 'a lone surrogate',
    accepted: input(user('😀')),
    rejected: input(user('\ude00')),
    at: 'input[0].content',
  },
  {
    rule: 'unanswered-call',
    rejects: 'a call without its output',
    accepted: input(hi, call('a'), call('b'), hi, output('b'), output('a')),
    rejected: input(hi, call('a'), call('b'), hi, output('b')),
    at: 'input[1]',
  },
  {
    rule: 'unanswered-call',
    rejects: 'a custom tool call with the output of a function',
    accepted: input(
      hi,
      { type: 'custom_tool_call', call_id: 'a', name: 'f', input: 'x' },
      { type: 'custom_tool_call_output', call_id: 'a', output: 'ok' },
    ),
    rejected: input(hi, { type: 'custom_tool_call', call_id: 'a', name: 'f', input: 'x' }, output('a')),
    at: 'input[1]',
    also: ['orphan-call-output at input[2]'],
  },
  {
    rule: 'unanswered-call',
    rejects: 'a shell call without its output',
    accepted: input(
      hi,
      { type: 'shell_call', call_id: 'a', action: { commands: ['ls'] } },
      { type: 'shell_call_output', call_id: 'a', output: [] },
      { type: 'computer_call', call_id: 'b', status: 'completed', action: {} },
      {
        type: 'computer_call_output',
        call_id: 'b',
        output: { type: 'computer_screenshot', file_id: 'file-1' },
      },
      { type: 'local_shell_call', call_id: 'c', action: {}, status: 'completed' },
      { type: 'local_shell_call_output', id: 'c', output: '{}' },
      { type: 'tool_search_call', arguments: {} },
    ),
    rejected: input(hi, { type: 'shell_call', call_id: 'a', action: { commands: ['ls'] } }),
    at: 'input[1]',
  },
  {
    rule: 'orphan-call-output',
    rejects: 'an output before its call',
    accepted: oneCall,
    rejected: input(hi, output('a'), call('a')),
    at: 'input[1]',
    also: ['unanswered-call at input[2]'],
  },
  {
    rule: 'duplicate-call-id',
    rejects: 'a call id that a later call uses again',
    accepted: input(...oneCall.input, call('b'), output('b')),
    rejected: input(...oneCall.input, call('a')),
    at: 'input[3]',
  },
  {
    rule: 'duplicate-call-output',
    rejects: 'two outputs of one call',
    accepted: oneCall,
    rejected: input(...oneCall.input, output('a')),
    at: 'input[3]',
  },
  {
    rule: 'duplicate-item-id',
    rejects: 'two items with one id',
    accepted: input(hi, reasoning('rs_1'), answer('msg_1'), answer('msg_2')),
    rejected: input(hi, reasoning('rs_1'), answer('msg_1'), answer('msg_1')),
    at: 'input[3]',
  },
  {
    rule: 'reasoning-without-follower',
    rejects: 'reasoning before a user message',
    accepted: input(hi, reasoning('rs_1'), reasoning('rs_2'), answer('msg_1'), hi),
    rejected: input(hi, reasoning('rs_1'), hi),
    at: 'input[1]',
  },
  {
    rule: 'reasoning-without-follower',
    rejects: 'reasoning at the end',
    accepted: input(hi, { type: 'reasoning', summary: [], encrypted_content: 'x' }),
    rejected: input(hi, reasoning('rs_1')),
    at: 'input[1]',
  },
  {
    rule: 'item-without-reasoning',
    rejects: 'a call with an id whose reasoning is missing',
    accepted: input(
      hi,
      reasoning('rs_1'),
      call('a', { id: 'fc_1' }),
      call('b', { id: 'fc_2' }),
      output('a'),
      output('b'),
    ),
    rejected: input(hi, call('a', { id: 'fc_1' }), output('a')),
    at: 'input[1]',
  },
  {
    rule: 'item-without-reasoning',
    rejects: 'a message with an id behind the reasoning of an earlier answer',
    accepted: input(hi, reasoning('rs_1'), call('a'), output('a'), assistant('Hello')),
    rejected: input(hi, reasoning('rs_1'), call('a'), output('a'), answer('msg_1')),
    at: 'input[4]',
  },
  {
    rule: 'not-stored',
    rejects: 'reasoning without its content',
    accepted: input(hi, reasoning('rs_1'), answer('msg_1')),
    rejected: input(hi, reasoning('rs_1', { encrypted_content: null }), answer('msg_1')),
    at: 'input[1]',
  },
  {
    rule: 'not-stored',
    rejects: 'a reference to a stored item',
    accepted: oneCall,
    rejected: input(hi, { type: 'item_reference', id: 'msg_1' }),
    at: 'input[1]',
  },
  {
    rule: 'approval-without-request',
    rejects: 'an approval without its request',
    accepted: input(
      hi,
      { type: 'mcp_list_tools', id: 'mcpl_1', server_label: 's', tools: [] },
      reasoning('rs_1'),
      { type: 'mcp_approval_request', id: 'mcpr_1', server_label: 's', name: 'f', arguments: '{}' },
      { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true },
    ),
    rejected: input(hi, { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true }),
    at: 'input[1]',
  },
  {
    rule: 'trigger-position',
    rejects: 'a compaction trigger before another item',
    accepted: input({ type: 'compaction', id: 'cmp_1', encrypted_content: 'x' }, hi, {
      type: 'compaction_trigger',
    }),
    rejected: input({ type: 'compaction_trigger' }, hi),
    at: 'input[0]',
  },
];

describe('validateOpenAiResponses', () => {
  testRules(OPENAI_RESPONSES_RULES, validateOpenAiResponses, CASES, { unused: ['blank'] });

  it('accepts items without their content if the requests are stored', () => {
    const stored = input(hi, reasoning('rs_1', { encrypted_content: undefined }), answer('msg_1'), hi, {
      type: 'item_reference',
      id: 'msg_2',
    });
    expect(validateOpenAiResponses(stored, { store: true })).toEqual([]);
  });

  it('accepts ids of items without reasoning if the model does not reason', () => {
    expect(validateOpenAiResponses(input(hi, answer('msg_1')), { reasoningModel: false })).toEqual([]);
  });

  it('accepts the calls that OpenAI ran itself', () => {
    const hosted = input(
      hi,
      reasoning('rs_1'),
      { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'x' } },
      { type: 'file_search_call', id: 'fs_1', status: 'completed', queries: ['x'], results: null },
      {
        type: 'code_interpreter_call',
        id: 'ci_1',
        status: 'completed',
        code: '1',
        container_id: 'c',
        outputs: null,
      },
      { type: 'image_generation_call', id: 'ig_1', status: 'completed', result: 'YQ==', size: '1024x1024' },
      {
        type: 'mcp_call',
        id: 'mcp_1',
        server_label: 's',
        name: 'f',
        arguments: '{}',
        output: 'ok',
        error: null,
      },
      answer('msg_1'),
    );
    expect(validateOpenAiResponses(hosted)).toEqual([]);
  });

  it('accepts items with an id behind the outputs that OpenAI wrote into the same answer', () => {
    const hosted = input(
      hi,
      reasoning('rs_1'),
      { type: 'tool_search_call', id: 'tsc_1', call_id: null, execution: 'server', arguments: {} },
      { type: 'tool_search_output', id: 'tso_1', call_id: null, execution: 'server', tools: [] },
      { type: 'program', id: 'prog_1', call_id: 'p', code: '1', fingerprint: 'x' },
      { type: 'program_output', id: 'po_1', call_id: 'p', result: '1', status: 'completed' },
      answer('msg_1'),
    );
    expect(validateOpenAiResponses(hosted)).toEqual([]);
  });
});
