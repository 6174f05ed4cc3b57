import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part } from '../event.js';
import { validateGemini } from '../validate/index.js';
import type { WindowEvent } from '../window-event.js';
import { renderGemini } from './gemini.js';

const NO_SIGNATURE = 'skip_thought_signature_validator';
const text = (value: string): Part => ({ type: 'text', text: value });
const user = (...parts: Part[]): MessageEvent => ({ role: 'user', parts });
const assistant = (...parts: Part[]): MessageEvent => ({ role: 'assistant', parts });
const tool = (...parts: Part[]): MessageEvent => ({ role: 'tool', parts });
const system = (value: string): MessageEvent => ({ role: 'system', parts: [text(value)] });
const google = (thoughtSignature: string) => ({ google: { thoughtSignature } });
const call = (id: string, fields: object = {}): Part => ({
  ...{ type: 'tool-call', toolCallId: id, toolName: 'f', input: { id } },
  ...fields,
});
const result = (id: string, output: unknown = { type: 'text', value: `r of ${id}` }): Part => ({
  ...{ type: 'tool-result', toolCallId: id, toolName: 'f' },
  output,
});
const calls = (id: string, thoughtSignature?: string) => ({
  functionCall: { name: 'f', args: { id } },
  ...(thoughtSignature !== undefined && { thoughtSignature }),
});
const response = (output: unknown) => ({ functionResponse: { name: 'f', response: { output } } });

/** Renders a window, and expects that Gemini accepts the prompt. */
function renderWindow(window: WindowEvent[]) {
  const before = JSON.stringify(window);
  const { prompt, repairs } = renderGemini(window);
  expect(validateGemini(prompt)).toEqual([]);
  expect(JSON.stringify(window)).toBe(before);
  const contents = (prompt.contents as { role: string; parts: object[] }[]).map(({ role, parts }) => [
    role,
    parts,
  ]);
  return { system: prompt.systemInstruction, contents, codes: repairs.map(({ code, seq }) => [code, seq]) };
}

const render = (...events: MessageEvent[]) =>
  renderWindow(events.map((event, index) => ({ seq: index + 1, event })));

describe('renderGemini', () => {
  it('writes leading system messages as the system instruction, and later ones as messages of the user', () => {
    const {
      system: instruction,
      contents,
      codes,
    } = render(
      system('Be brief.'),
      { role: 'developer', parts: [text('Be kind.'), text('')] },
      user(text('q')),
      assistant(text('a')),
      system('Be quick.'),
    );
    expect(instruction).toEqual({ parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }] });
    expect(contents).toEqual([
      ['user', [{ text: 'q' }]],
      ['model', [{ text: 'a' }]],
      ['user', [{ text: 'System message:\nBe quick.' }]],
    ]);
    expect(codes).toEqual([]);
  });

  it('writes a summary as a message that says what it is', () => {
    const { contents } = renderWindow([
      { seq: 1, event: user(text('q')) },
      { seq: 2, event: system('They met.'), summary: { fromSeq: 2, toSeq: 9 } },
    ]);
    expect(contents).toEqual([
      ['user', [{ text: 'q' }, { text: 'Summary of messages 2 to 9 of this conversation:\nThey met.' }]],
    ]);
  });

  it('merges adjacent messages of one role', () => {
    const { contents } = render(
      user(text('a')),
      user(text('b')),
      assistant(text('c')),
      assistant(call('1')),
      tool(result('1')),
    );
    expect(contents).toEqual([
      ['user', [{ text: 'a' }, { text: 'b' }]],
      ['model', [{ text: 'c' }, calls('1', NO_SIGNATURE)]],
      ['user', [response('r of 1')]],
    ]);
  });

  it('begins and ends with a message of the user', () => {
    const { contents, codes } = render(assistant(text('a')));
    expect(contents).toEqual([
      ['user', [{ text: 'Continue.' }]],
      ['model', [{ text: 'a' }]],
      ['user', [{ text: 'Continue.' }]],
    ]);
    expect(codes).toEqual([
      ['user_message_added', 1],
      ['user_message_added', 1],
    ]);
    expect(render(system('Be brief.')).contents).toEqual([['user', [{ text: 'Continue.' }]]]);
  });

  it('renders an empty window as an empty prompt', () => {
    expect(renderGemini([])).toEqual({ prompt: { contents: [] }, repairs: [] });
  });

  it('drops empty texts and messages that have nothing else', () => {
    const { contents } = render(
      user(text('q')),
      assistant(text('')),
      assistant(text(''), text('a')),
      user(text('r')),
    );
    expect(contents).toEqual([
      ['user', [{ text: 'q' }]],
      ['model', [{ text: 'a' }]],
      ['user', [{ text: 'r' }]],
    ]);
  });

  it('replaces lone surrogates', () => {
    expect(render(user(text('a\ud800'))).contents).toEqual([['user', [{ text: 'a\ufffd' }]]]);
  });
});

describe('calls and responses in renderGemini', () => {
  it('stand in one turn each, in the same order', () => {
    const { contents, codes } = render(
      user(text('q')),
      assistant(call('1'), call('2'), call('3')),
      tool(result('3')),
      tool(result('1'), result('2')),
      user(text('next')),
    );
    expect(contents).toEqual([
      ['user', [{ text: 'q' }]],
      ['model', [calls('1', NO_SIGNATURE), calls('2'), calls('3')]],
      ['user', [response('r of 1'), response('r of 2'), response('r of 3')]],
      ['user', [{ text: 'next' }]],
    ]);
    expect(codes).toEqual([]);
  });

  it('are completed: orphans are dropped, missing results are added, late results are moved', () => {
    const { contents, codes } = render(
      tool(result('gone')),
      user(text('q')),
      assistant(call('1'), call('2')),
      user(text('wait')),
      tool(result('2')),
      assistant(call('3')),
    );
    const missing = {
      functionResponse: { name: 'f', response: { error: 'No result was recorded for this call' } },
    };
    expect(contents).toEqual([
      ['user', [{ text: 'q' }]],
      ['model', [calls('1', NO_SIGNATURE), calls('2')]],
      ['user', [missing, response('r of 2')]],
      ['user', [{ text: 'wait' }]],
      ['model', [calls('3', NO_SIGNATURE)]],
      ['user', [missing]],
    ]);
    expect(codes).toEqual([
      ['result_without_call', 1],
      ['call_without_result', 3],
      ['moved', 5],
      ['call_without_result', 6],
    ]);
  });

  it('work with ids that repeat', () => {
    const { contents } = render(
      user(text('q')),
      assistant(call('0')),
      tool(result('0', { type: 'text', value: 'first' })),
      assistant(call('0')),
      tool(result('0', { type: 'text', value: 'second' })),
    );
    expect(contents.slice(1)).toEqual([
      ['model', [calls('0', NO_SIGNATURE)]],
      ['user', [response('first')]],
      ['model', [calls('0', NO_SIGNATURE)]],
      ['user', [response('second')]],
    ]);
  });

  it('have an object as arguments and as response', () => {
    const { contents } = render(
      user(text('q')),
      {
        role: 'assistant',
        parts: [],
        tool_calls: [
          { id: '1', type: 'function', function: { name: 'f', arguments: '{"city": ' } },
          { id: '2', type: 'function', function: { name: 'f', arguments: '[1]' } },
        ],
      },
      tool(
        result('1', { type: 'json', value: [1] }),
        result('2', { type: 'error-json', value: { code: 1 } }),
      ),
    );
    expect(contents.slice(1)).toEqual([
      [
        'model',
        [
          { functionCall: { name: 'f', args: { input: '{"city": ' } }, thoughtSignature: NO_SIGNATURE },
          { functionCall: { name: 'f', args: { input: [1] } } },
        ],
      ],
      ['user', [response([1]), { functionResponse: { name: 'f', response: { error: { code: 1 } } } }]],
    ]);
  });

  it('have legal names', () => {
    const { contents, codes } = render(
      user(text('q')),
      assistant(call('1', { toolName: '2nd tool' }), call('2', { toolName: 'a.b' })),
      tool(result('1'), result('2')),
    );
    const names = JSON.stringify(contents).match(/"name":"[^"]*"/g);
    expect(names).toEqual(['"name":"_2nd_tool"', '"name":"a_b"', '"name":"_2nd_tool"', '"name":"a_b"']);
    expect(codes).toEqual([
      ['renamed', 2],
      ['renamed', 2],
    ]);
  });

  it('of every dialect are converted', () => {
    const { contents } = render(
      user(text('q')),
      assistant({ type: 'tool_use', id: 'a', name: 'f', input: { id: 'a' } }),
      user({ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: '1' }] }, text('and?')),
      assistant({ type: 'function_call', call_id: 'b', name: 'f', arguments: '{"id":"b"}' }),
      tool({ type: 'function_call_output', call_id: 'b', output: '2' }),
      assistant(
        { type: 'tool-f', toolCallId: 'c', state: 'output-available', input: { id: 'c' }, output: 3 },
        text('done'),
      ),
      user(text('bye')),
    );
    expect(contents).toEqual([
      ['user', [{ text: 'q' }]],
      ['model', [calls('a', NO_SIGNATURE)]],
      ['user', [response('1')]],
      ['user', [{ text: 'and?' }]],
      ['model', [calls('b', NO_SIGNATURE)]],
      ['user', [response('2')]],
      ['model', [calls('c', NO_SIGNATURE)]],
      ['user', [response(3)]],
      ['model', [{ text: 'done' }]],
      ['user', [{ text: 'bye' }]],
    ]);
  });
});

describe('signatures in renderGemini', () => {
  it('go back in the part that they came with, from every place where they are stored', () => {
    const { contents, codes } = render(
      user(text('q')),
      assistant(
        { type: 'reasoning', text: 'hm', providerOptions: google('AAAA') },
        { ...text('Looking.'), providerOptions: google('BBBB') },
        call('1', { providerOptions: google('CCCC') }),
        call('2'),
      ),
      tool(result('1'), result('2')),
      assistant(call('3', { providerOptions: { vertex: { thoughtSignature: 'DDDD' } } })),
      tool(result('3')),
      assistant({
        ...{ type: 'tool-f', toolCallId: '4', state: 'output-available', input: { id: '4' }, output: 'r' },
        callProviderMetadata: google('EEEE'),
      }),
      {
        role: 'assistant',
        parts: [],
        tool_calls: [
          {
            ...{ id: '5', type: 'function', function: { name: 'f', arguments: '{"id":"5"}' } },
            extra_content: { google: { thought_signature: 'FFFF' } },
          },
        ],
      },
      tool(result('5')),
      assistant({ ...text(''), providerOptions: google('GGGG') }),
      user(text('thanks')),
    );
    expect(contents.filter(([role]) => role === 'model').map(([, parts]) => parts)).toEqual([
      [
        { text: 'hm', thought: true, thoughtSignature: 'AAAA' },
        { text: 'Looking.', thoughtSignature: 'BBBB' },
        calls('1', 'CCCC'),
        calls('2'),
      ],
      [calls('3', 'DDDD')],
      [calls('4', 'EEEE')],
      [calls('5', 'FFFF')],
      [{ text: '', thoughtSignature: 'GGGG' }],
    ]);
    expect(codes).toEqual([]);
  });

  it('of other providers and of tools that Google runs are no signature of a call', () => {
    const { contents, codes } = render(
      user(text('q')),
      assistant(
        { type: 'thinking', thinking: 'hm', signature: 'AAAA' },
        { type: 'reasoning', text: 'hm', providerOptions: { anthropic: { signature: 'BBBB' } } },
        call('1', { providerOptions: google('not base64!') }),
      ),
      tool(result('1')),
      assistant(call('2', { providerExecuted: true, providerOptions: google('CCCC') }), result('2')),
      user(text('thanks')),
    );
    expect(contents[1]).toEqual(['model', [calls('1', NO_SIGNATURE)]]);
    expect(contents[3]).toEqual(['model', [calls('2', NO_SIGNATURE)]]);
    expect(codes).toEqual([
      ['left_out', 2],
      ['left_out', 2],
    ]);
  });
});

describe('media in renderGemini', () => {
  const file = (mediaType: string, data: unknown): Part => ({ type: 'file', mediaType, data });

  it('are inline data, files or texts', () => {
    const { contents, codes } = render(
      user(
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        file('application/pdf', { type: 'url', url: 'gs://bucket/a.pdf' }),
        file('application/pdf', { type: 'reference', reference: { google: 'https://g.co/files/a' } }),
        { type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' } },
        file('text/plain', 'd2V0'),
      ),
    );
    expect(contents).toEqual([
      [
        'user',
        [
          { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
          { fileData: { fileUri: 'https://example.com/a.png' } },
          { fileData: { mimeType: 'application/pdf', fileUri: 'gs://bucket/a.pdf' } },
          { fileData: { mimeType: 'application/pdf', fileUri: 'https://g.co/files/a' } },
          { inlineData: { mimeType: 'audio/mpeg', data: 'SUQz' } },
          { text: 'wet' },
        ],
      ],
    ]);
    expect(codes).toEqual([]);
  });

  it('that Gemini does not read are left out', () => {
    const { contents, codes } = render(
      user(text('look'), file('image/gif', 'R0lGODlh'), file('application/zip', 'UEsDBA=='), {
        type: 'file',
        file: { file_id: 'file-1' },
      }),
      assistant(file('image/png', 'iVBORw0KGgo='), {
        type: 'image_url',
        image_url: { url: 'https://example.com' },
      }),
      user(text('ok')),
    );
    expect(contents).toEqual([
      ['user', [{ text: 'look' }]],
      ['model', [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }]],
      ['user', [{ text: 'ok' }]],
    ]);
    expect(codes).toEqual([1, 1, 1, 2].map((seq) => ['left_out', seq]));
  });

  it('of tool results follow the responses as a turn of the user', () => {
    const shot = {
      type: 'content',
      value: [
        text('here'),
        file('image/png', { type: 'data', data: 'iVBORw0KGgo=' }),
        file('image/gif', { type: 'data', data: 'R0lGODlh' }),
      ],
    };
    const { contents, codes } = render(
      user(text('q')),
      assistant(call('1'), call('2')),
      tool(result('1', shot), result('2')),
      user(text('next')),
    );
    expect(contents.slice(2)).toEqual([
      ['user', [response('here'), response('r of 2')]],
      [
        'user',
        [
          { text: 'Output of the tool f:' },
          { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
          { text: 'next' },
        ],
      ],
    ]);
    expect(codes).toEqual([['left_out', 3]]);
  });
});
