import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part } from '../event.js';
import { validateOpenAiResponses } from '../validate/index.js';
import type { ContentForm } from '../window-event.js';
import { renderOpenAiResponses } from './openai-responses.js';

const NO_RESULT = 'No result was recorded for this call';
const user = (text: string): MessageEvent => ({ role: 'user', parts: [{ type: 'text', text }] });
const assistant = (...parts: Part[]): MessageEvent => ({ role: 'assistant', parts });
const toolMessage = (...parts: Part[]): MessageEvent => ({ role: 'tool', parts });

/** Renders events with consecutive seqs, and expects that OpenAI accepts the input. */
function render(events: MessageEvent[], contentForm?: ContentForm) {
  const before = JSON.stringify(events);
  const window = events.map((event, index) => ({
    seq: index + 1,
    event,
    ...(contentForm && { contentForm }),
  }));
  const { prompt, repairs } = renderOpenAiResponses(window);
  // The items of these tests come from a model that does not reason.
  expect(validateOpenAiResponses(prompt, { store: true, reasoningModel: false })).toEqual([]);
  expect(JSON.stringify(events)).toBe(before);
  return { input: prompt.input as Part[], repairs };
}

const codes = ({ repairs }: ReturnType<typeof render>) =>
  repairs.map(({ code, seq, call_id: id }) => [code, seq, ...(id === undefined ? [] : [id])]);

describe('renderOpenAiResponses, own dialect', () => {
  it('returns items that are stored as parts as they are', () => {
    const items = [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'q' }] },
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{ "a": 1.0 }' },
      { type: 'function_call_output', call_id: 'call_1', output: [{ type: 'input_text', text: 'r' }] },
      { type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_2', name: 'sql', input: 'SELECT 1' },
      { type: 'custom_tool_call_output', call_id: 'call_2', output: '1' },
      {
        ...{ type: 'computer_call', id: 'cu_1', call_id: 'call_3', status: 'completed' },
        ...{ pending_safety_checks: [], action: { type: 'screenshot' } },
      },
      {
        ...{ type: 'computer_call_output', call_id: 'call_3' },
        output: { type: 'computer_screenshot', image_url: 'https://example.com/a.png' },
      },
      { type: 'shell_call', call_id: 'call_4', action: { commands: ['ls'] }, status: 'completed' },
      { type: 'shell_call_output', call_id: 'call_4', output: [] },
      {
        type: 'local_shell_call',
        id: 'lsh_1',
        call_id: 'call_5',
        action: { type: 'exec' },
        status: 'completed',
      },
      { type: 'local_shell_call_output', id: 'call_5', output: 'a' },
      {
        ...{ type: 'apply_patch_call', call_id: 'call_6', status: 'completed' },
        operation: { type: 'delete_file', path: 'a' },
      },
      { type: 'apply_patch_call_output', call_id: 'call_6', status: 'completed' },
      { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'q' } },
      { type: 'file_search_call', id: 'fs_1', status: 'completed', queries: ['q'], results: null },
      {
        ...{ type: 'code_interpreter_call', id: 'ci_1', status: 'completed', container_id: 'c' },
        ...{ code: '1', outputs: [{ type: 'logs', logs: '1' }] },
      },
      { type: 'image_generation_call', id: 'ig_1', status: 'completed', result: 'iVBORw0KGgo=' },
      { type: 'mcp_list_tools', id: 'mcpl_1', server_label: 'd', tools: [] },
      { type: 'mcp_approval_request', id: 'mcpr_1', server_label: 'd', name: 'roll', arguments: '{}' },
      { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true },
      {
        ...{ type: 'mcp_call', id: 'mcp_1', server_label: 'd', name: 'roll', arguments: '{}' },
        ...{ approval_request_id: 'mcpr_1', output: '4', error: null },
      },
      { type: 'tool_search_call', id: 'tsc_1', call_id: null, execution: 'server', arguments: {} },
      { type: 'tool_search_output', id: 'tso_1', call_id: null, execution: 'server', tools: [] },
      { type: 'program', id: 'prog_1', call_id: 'call_7', code: 'await f()', fingerprint: 'x' },
      {
        ...{ type: 'function_call', call_id: 'call_8', name: 'f', arguments: '{}' },
        caller: { type: 'program', caller_id: 'call_7' },
      },
      { type: 'function_call_output', call_id: 'call_8', output: '3' },
      { type: 'program_output', id: 'po_1', call_id: 'call_7', result: '3', status: 'completed' },
      { type: 'compaction', id: 'cmp_1', encrypted_content: 'gAAA' },
      { type: 'item_reference', id: 'msg_9' },
      {
        ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', phase: 'final_answer' },
        content: [{ type: 'output_text', text: 'a', annotations: [] }],
      },
    ];
    for (const events of [[assistant(...items)], items.map((item) => assistant(item))]) {
      const { input, repairs } = render(events);
      expect(repairs).toEqual([]);
      expect(input).toHaveLength(items.length);
      input.forEach((item, index) => expect(item).toBe(items[index]));
    }
  });

  it('returns messages that are stored as events as they were sent', () => {
    const content = [
      { type: 'input_text', text: 'what is it?' },
      { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'low' },
      { type: 'input_file', file_url: 'https://example.com/a.pdf' },
    ];
    const answer = [{ type: 'output_text', text: 'a cat', annotations: [] }];
    const { input, repairs } = render([
      { role: 'developer', parts: [{ type: 'text', text: 'Be brief.' }] },
      { role: 'user', parts: content, id: 'mine', metadata: { a: 1 } },
      { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', parts: answer },
      { type: 'message', id: 'mine', role: 'user', parts: [{ type: 'input_text', text: 'thanks' }] },
      { role: 'assistant', parts: [{ type: 'refusal', refusal: 'No.' }] },
    ]);
    expect(repairs).toEqual([]);
    expect(input).toEqual([
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content },
      { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: answer },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'thanks' }] },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    ]);
    expect((input[1]?.content as Part[])[1]).toBe(content[1]);
  });

  it('leaves out fields that client libraries add to items', () => {
    const { input, repairs } = render([
      assistant(
        {
          ...{ type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f', arguments: '{}', status: null },
          parsed_arguments: {},
        },
        { type: 'function_call_output', call_id: 'c', output: 'r', created_by: 'me' },
        {
          ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
          content: [{ type: 'output_text', text: 'a', annotations: [], logprobs: null, parsed: {} }],
        },
      ),
    ]);
    expect(repairs).toEqual([]);
    expect(input).toEqual([
      { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: 'r' },
      {
        ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
        content: [{ type: 'output_text', text: 'a', annotations: [] }],
      },
    ]);
  });

  it('renders an empty window as an empty input', () => {
    expect(renderOpenAiResponses([])).toEqual({ prompt: { input: [] }, repairs: [] });
  });
});

describe('renderOpenAiResponses, other dialects', () => {
  const custom = { id: 'call_2', type: 'custom', custom: { name: 'sql', input: '{"not": "parsed"}' } };

  it('converts OpenAI Chat', () => {
    const { input, repairs } = render([
      { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
      {
        role: 'user',
        parts: [
          { type: 'text', text: 'look' },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
          { type: 'file', file: { file_id: 'file-1' } },
        ],
      },
      {
        role: 'assistant',
        parts: [{ type: 'text', text: 'Let us look.' }],
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{ }' } }, custom],
      },
      { role: 'tool', tool_call_id: 'call_2', parts: [{ type: 'text', text: '2' }] },
      { role: 'tool', tool_call_id: 'call_1', parts: [{ type: 'text', text: '1' }] },
      { role: 'assistant', parts: [], refusal: 'No.' },
    ]);
    expect(repairs).toEqual([]);
    expect(input).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'look' },
          { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'low' },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
          { type: 'input_file', file_id: 'file-1' },
        ],
      },
      { role: 'assistant', content: 'Let us look.' },
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{ }' },
      { type: 'custom_tool_call', call_id: 'call_2', name: 'sql', input: '{"not": "parsed"}' },
      { type: 'custom_tool_call_output', call_id: 'call_2', output: '2' },
      { type: 'function_call_output', call_id: 'call_1', output: '1' },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    ]);
  });

  it('converts Anthropic', () => {
    const rendered = render([
      assistant(
        { type: 'thinking', thinking: 'hm', signature: 'EqQ' },
        { type: 'text', text: 'Looking.' },
        { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
        { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [{ url: 'u' }] },
        { type: 'server_tool_use', id: 'srvtoolu_2', name: 'web_search', input: { query: 'r' } },
      ),
      {
        role: 'user',
        parts: [
          {
            ...{ type: 'tool_result', tool_use_id: 'toolu_1' },
            content: [
              { type: 'text', text: 'see' },
              {
                type: 'image',
                source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' },
              },
            ],
          },
          {
            ...{ type: 'document', title: 'b.pdf' },
            source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
          },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'wet' } },
        ],
      },
    ]);
    expect(rendered.input).toEqual([
      { role: 'assistant', content: 'Looking.' },
      { type: 'function_call', call_id: 'toolu_1', name: 'f', arguments: '{"a":1}' },
      { type: 'function_call', call_id: 'srvtoolu_1', name: 'web_search', arguments: '{"query":"q"}' },
      { type: 'function_call_output', call_id: 'srvtoolu_1', output: '[{"url":"u"}]' },
      {
        ...{ type: 'function_call_output', call_id: 'toolu_1' },
        output: [
          { type: 'input_text', text: 'see' },
          { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'auto' },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'input_file', filename: 'b.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
          { type: 'input_text', text: 'wet' },
        ],
      },
    ]);
    expect(codes(rendered)).toEqual([
      ['left_out', 1],
      ['left_out', 1, 'srvtoolu_2'],
    ]);
  });

  it('converts model messages and UI messages of the AI SDK', () => {
    const rendered = render([
      { role: 'user', parts: [{ type: 'file', mediaType: 'image/png', data: 'iVBORw0KGgo=' }] },
      assistant(
        { type: 'reasoning', text: 'hm' },
        { type: 'tool-call', toolCallId: 'c1', toolName: 'f', input: { a: 1 } },
        { type: 'tool-approval-request', approvalId: 'x', toolCallId: 'c1' },
      ),
      toolMessage({
        ...{ type: 'tool-result', toolCallId: 'c1', toolName: 'f' },
        output: { type: 'json', value: { t: 20 } },
      }),
      assistant(
        { type: 'step-start' },
        { type: 'tool-g', toolCallId: 'c2', state: 'output-available', input: {}, output: 'wet' },
        { type: 'step-start' },
        { type: 'text', text: 'done' },
      ),
    ]);
    expect(rendered.input).toEqual([
      {
        role: 'user',
        content: [{ type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'auto' }],
      },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
      { type: 'function_call_output', call_id: 'c1', output: '{"t":20}' },
      { type: 'function_call', call_id: 'c2', name: 'g', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c2', output: 'wet' },
      { role: 'assistant', content: 'done' },
    ]);
    expect(codes(rendered)).toEqual([
      ['left_out', 2],
      ['left_out', 2],
    ]);
  });

  it('converts LangChain, our own dialect and OpenAI Agents', () => {
    const { input, repairs } = render([
      {
        role: 'assistant',
        parts: [],
        tool_calls: [{ type: 'tool_call', id: 'l', name: 'f', args: { a: 1 } }],
      },
      { role: 'tool', tool_call_id: 'l', name: 'f', parts: [{ type: 'text', text: '1' }] },
      assistant({ type: 'tool_call', id: 'o', name: 'f', arguments: '{"b":2}' }),
      toolMessage({ type: 'tool_result', tool_call_id: 'o', content: '2' }),
      assistant({ type: 'function_call', id: 'fc_1', callId: 'a', name: 'f', arguments: '{"c":3}' }),
      toolMessage({ type: 'function_call_result', callId: 'a', output: { type: 'text', text: '3' } }),
      assistant({
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'done', providerData: {} }],
      }),
    ]);
    expect(repairs).toEqual([]);
    expect(input).toEqual([
      { type: 'function_call', call_id: 'l', name: 'f', arguments: '{"a":1}' },
      { type: 'function_call_output', call_id: 'l', output: '1' },
      { type: 'function_call', call_id: 'o', name: 'f', arguments: '{"b":2}' },
      { type: 'function_call_output', call_id: 'o', output: '2' },
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{"c":3}' },
      { type: 'function_call_output', call_id: 'a', output: '3' },
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'done' }],
      },
    ]);
  });

  it('writes a text as a block if the caller wrote a list', () => {
    expect(render([user('q')], 'parts').input).toEqual([
      { role: 'user', content: [{ type: 'input_text', text: 'q' }] },
    ]);
  });

  it('leaves out media that OpenAI does not accept, and says so', () => {
    const rendered = render([
      {
        role: 'user',
        parts: [
          { type: 'text', text: 'listen' },
          { type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' } },
          { type: 'file', mediaType: 'image/svg+xml', data: 'PHN2Zz4=' },
          { type: 'image', source: { type: 'file', file_id: 'file_1' } },
          { type: 'file', mediaType: 'application/pdf', data: 'gs://bucket/a.pdf' },
        ],
      },
      assistant({ type: 'file', mediaType: 'image/png', data: 'iVBORw0KGgo=' }),
    ]);
    expect(rendered.input).toEqual([{ role: 'user', content: [{ type: 'input_text', text: 'listen' }] }]);
    expect(codes(rendered)).toEqual([1, 1, 1, 1, 2].map((seq) => ['left_out', seq]));
  });

  it('checks the media of its own dialect, too', () => {
    const rendered = render([
      {
        role: 'user',
        parts: [
          { type: 'input_image', image_url: 'data:image/svg+xml;base64,PHN2Zz4=', detail: 'auto' },
          { type: 'input_file', file_data: 'data:application/pdf;base64,JVBERi0=' },
        ],
      },
    ]);
    expect(rendered.input).toEqual([
      {
        role: 'user',
        content: [
          { type: 'input_file', filename: 'file.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
        ],
      },
    ]);
    expect(codes(rendered)).toEqual([['left_out', 1]]);
  });

  it('drops an empty text beside calls', () => {
    const chat = {
      role: 'assistant' as const,
      parts: [{ type: 'text', text: '' }],
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
    };
    expect(render([chat]).input.map(({ type }) => type)).toEqual(['function_call', 'function_call_output']);
  });

  it('leaves out the name of a message, and says so', () => {
    expect(codes(render([{ ...user('q'), name: 'Alice' }]))).toEqual([['left_out', 1]]);
  });

  it('replaces lone surrogates', () => {
    const rendered = render([user('a\ud800')]);
    expect(rendered.input).toEqual([{ role: 'user', content: 'a\ufffd' }]);
    expect(codes(rendered)).toEqual([['ill_formed_text', 1]]);
  });
});

describe('renderOpenAiResponses, calls and outputs', () => {
  const call = (id: string | undefined, fields: object = {}): Part => ({
    ...{ type: 'function_call', call_id: id, name: 'f', arguments: '{}' },
    ...fields,
  });
  const output = (id: string, text = 'r'): Part => ({
    type: 'function_call_output',
    call_id: id,
    output: text,
  });

  it('keeps outputs where they are, also behind other messages', () => {
    const items = [call('a'), call('b'), output('b'), output('a')];
    const { input, repairs } = render([
      assistant(call('a'), call('b')),
      toolMessage(output('b')),
      user('wait'),
      toolMessage(output('a')),
    ]);
    expect(repairs).toEqual([]);
    expect(input).toEqual([items[0], items[1], items[2], { role: 'user', content: 'wait' }, items[3]]);
  });

  it('drops an output without its call', () => {
    const rendered = render([
      toolMessage(output('gone')),
      user('q'),
      toolMessage(output('later')),
      assistant(call('x')),
      toolMessage(output('x'), output('x')),
    ]);
    expect(rendered.input).toEqual([{ role: 'user', content: 'q' }, call('x'), output('x')]);
    expect(codes(rendered)).toEqual([
      ['result_without_call', 1, 'gone'],
      ['result_without_call', 3, 'later'],
      ['result_without_call', 5, 'x'],
    ]);
  });

  it('adds an output for each call without one, behind the items of the same answer', () => {
    const rendered = render([
      assistant(call('a')),
      assistant({ type: 'custom_tool_call', call_id: 'b', name: 'sql', input: '' }),
      assistant({ type: 'shell_call', call_id: 'c', action: { commands: [] } }),
      user('hello?'),
      assistant(call('d')),
    ]);
    expect(rendered.input.map(({ type, call_id: id, role }) => [role ?? type, id])).toEqual([
      ['function_call', 'a'],
      ['custom_tool_call', 'b'],
      ['shell_call', 'c'],
      ['function_call_output', 'a'],
      ['custom_tool_call_output', 'b'],
      ['shell_call_output', 'c'],
      ['user', undefined],
      ['function_call', 'd'],
      ['function_call_output', 'd'],
    ]);
    expect(rendered.input[3]?.output).toBe(NO_RESULT);
    expect(codes(rendered)).toEqual([1, 2, 3, 5].map((seq, at) => ['call_without_result', seq, 'abcd'[at]]));
  });

  it('gives repeated ids of calls a number, together with their outputs', () => {
    const rendered = render([
      assistant(call('call_0')),
      toolMessage(output('call_0', '1')),
      user('again'),
      assistant(call('call_0')),
      toolMessage(output('call_0', '2')),
    ]);
    expect(rendered.input).toEqual([
      call('call_0'),
      output('call_0', '1'),
      { role: 'user', content: 'again' },
      call('call_0_2'),
      output('call_0_2', '2'),
    ]);
    expect(codes(rendered)).toEqual([['renamed', 4, 'call_0_2']]);
  });

  it('makes ids and names legal', () => {
    const long = 'x'.repeat(80);
    const rendered = render([
      assistant(
        { type: 'tool-call', toolCallId: 'functions.get:0', toolName: 'get weather', input: {} },
        { type: 'tool-call', toolCallId: long, toolName: 'f', input: {} },
      ),
      toolMessage(
        { type: 'tool-result', toolCallId: 'functions.get:0', output: { type: 'text', value: '1' } },
        { type: 'tool-result', toolCallId: long, output: { type: 'text', value: '2' } },
      ),
      { role: 'assistant', parts: [], function_call: { name: 'old', arguments: '{}' } },
      { role: 'tool', parts: [{ type: 'text', text: '3' }] },
    ]);
    expect(rendered.input).toEqual([
      { type: 'function_call', call_id: 'functions_get_0', name: 'get_weather', arguments: '{}' },
      { type: 'function_call', call_id: 'x'.repeat(64), name: 'f', arguments: '{}' },
      output('functions_get_0', '1'),
      output('x'.repeat(64), '2'),
      { type: 'function_call', call_id: 'call_3_0', name: 'old', arguments: '{}' },
      output('call_3_0', '3'),
    ]);
    expect(codes(rendered).map(([code]) => code)).toEqual(['renamed', 'renamed']);
  });

  it('writes arguments that are no JSON as an object', () => {
    const broken = call('a', { arguments: '{"city": ' });
    const { input } = render([assistant(broken), toolMessage(output('a'))]);
    expect(input[0]).toEqual(call('a', { arguments: '{"input":"{\\"city\\": "}' }));
  });

  it('writes a call and its output in one form, whatever their dialects', () => {
    const shell = { type: 'shell_call', call_id: 's', action: { commands: ['ls'] } };
    const { input } = render([
      assistant(shell, { type: 'custom_tool_call', call_id: 'c', name: 'sql', input: 'SELECT 1' }),
      toolMessage({ type: 'tool-result', toolCallId: 's', output: { type: 'text', value: 'a' } }),
      toolMessage(output('c', '1')),
    ]);
    expect(input).toEqual([
      { type: 'function_call', call_id: 's', name: 'shell', arguments: '{"commands":["ls"]}' },
      { type: 'custom_tool_call', call_id: 'c', name: 'sql', input: 'SELECT 1' },
      output('s', 'a'),
      { type: 'custom_tool_call_output', call_id: 'c', output: '1' },
    ]);
  });

  it('converts a search for tools that has no id for its output', () => {
    const search = { type: 'tool_search_call', execution: 'client', arguments: { query: 'q' } };
    expect(render([assistant(search)]).input).toEqual([
      { type: 'function_call', call_id: 'tool_search', name: 'tool_search', arguments: '{"query":"q"}' },
      output('tool_search', NO_RESULT),
    ]);
  });

  it('keeps a program that still runs, and converts the calls of a program that is no longer in the window', () => {
    const program = { type: 'program', id: 'prog_1', call_id: 'p', code: 'await f()', fingerprint: 'x' };
    const ofProgram = call('a', { caller: { type: 'program', caller_id: 'p' } });
    expect(render([assistant(program, ofProgram), toolMessage(output('a'))])).toEqual({
      input: [program, ofProgram, output('a')],
      repairs: [],
    });
    expect(render([assistant(ofProgram), toolMessage(output('a'))]).input[0]).toEqual(call('a'));
    const left = render([assistant(program, ofProgram), toolMessage(output('a')), user('hello?')]);
    expect(left.input).toEqual([call('a'), output('a'), { role: 'user', content: 'hello?' }]);
    expect(codes(left)).toEqual([['left_out', 1, 'p']]);
  });

  it('keeps an approval only together with its request', () => {
    const request = {
      type: 'mcp_approval_request',
      id: 'mcpr_1',
      server_label: 'd',
      name: 'f',
      arguments: '{}',
    };
    const response = { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true };
    expect(render([assistant(request), toolMessage(response)]).input).toEqual([request, response]);
    expect(codes(render([assistant(request), user('q')]))).toEqual([['left_out', 1]]);
    expect(codes(render([toolMessage(response), user('q')]))).toEqual([['left_out', 1]]);
  });

  it('keeps a request for a compaction only at the end', () => {
    const trigger = { type: 'compaction_trigger' };
    expect(render([user('q'), assistant(trigger)]).input[1]).toBe(trigger);
    expect(codes(render([assistant(trigger), user('q')]))).toEqual([['left_out', 1]]);
  });
});
