import { describe, expect, it } from '@jest/globals';
import type { Part, WindowMessage } from '../types.js';
import { toUiMessages } from './ui-messages.js';

type MessageInput = [WindowMessage['role'], ...Part[]];

function window(...messages: MessageInput[]): WindowMessage[] {
  return messages.map(([role, ...parts], index) => ({ seq: index + 1, role, parts, content: '' }));
}

const partsOf = (...messages: MessageInput[]) => toUiMessages(window(...messages)).map(({ parts }) => parts);
const text = (value: string) => ({ type: 'text', text: value });

describe('toUiMessages with tool calls and their results', () => {
  const merged = {
    type: 'tool-lookup',
    toolCallId: 'c1',
    state: 'output-available',
    input: { city: 'Rome' },
    output: 'sunny',
  };
  const formats: [string, Part, WindowMessage['role'], Part][] = [
    [
      'AI SDK',
      { type: 'tool-call', toolCallId: 'c1', toolName: 'lookup', input: { city: 'Rome' } },
      'tool',
      { type: 'tool-result', toolCallId: 'c1', toolName: 'lookup', output: { type: 'text', value: 'sunny' } },
    ],
    [
      'AI SDK 4',
      { type: 'tool-call', toolCallId: 'c1', toolName: 'lookup', args: { city: 'Rome' } },
      'tool',
      { type: 'tool-result', toolCallId: 'c1', toolName: 'lookup', result: 'sunny' },
    ],
    [
      'chat format',
      { type: 'tool_call', id: 'c1', name: 'lookup', arguments: '{"city":"Rome"}' },
      'tool',
      { type: 'tool_result', tool_call_id: 'c1', name: 'lookup', content: 'sunny' },
    ],
    [
      'OpenAI format',
      { type: 'tool_call', id: 'c1', function: { name: 'lookup', arguments: '{"city":"Rome"}' } },
      'tool',
      { type: 'tool_result', tool_call_id: 'c1', content: 'sunny' },
    ],
    [
      'Anthropic format',
      { type: 'tool_use', id: 'c1', name: 'lookup', input: { city: 'Rome' } },
      'user',
      { type: 'tool_result', tool_use_id: 'c1', content: 'sunny' },
    ],
  ];
  it.each(formats)('merges a call and its result into one part: %s', (_, call, role, result) => {
    expect(partsOf(['assistant', call], [role, result])).toEqual([[merged]]);
  });

  it('pairs calls and results without ids by name and order', () => {
    const [parts] = partsOf(
      ['assistant', { type: 'tool_call', name: 'a' }, { type: 'tool_call', name: 'b' }],
      ['tool', { type: 'tool_result', name: 'b', content: 'of b' }],
      ['tool', text('of a')],
    );
    expect(parts).toEqual([
      { type: 'tool-a', toolCallId: 'call_1_0', state: 'output-available', input: {}, output: 'of a' },
      { type: 'tool-b', toolCallId: 'call_1_1', state: 'output-available', input: {}, output: 'of b' },
    ]);
  });

  it('pairs each result with its own call when an id is used twice', () => {
    const call = (input: object) => ({ type: 'tool_call', id: 'c', name: 'a', input });
    const result = (content: string) => ({ type: 'tool_result', tool_call_id: 'c', content });
    const all = partsOf(
      ['assistant', call({ n: 1 })],
      ['tool', result('one')],
      ['assistant', call({ n: 2 })],
      ['tool', result('two')],
      ['tool', result('again')],
    );
    expect(all.map(([part]) => [part!.input, part!.output])).toEqual([
      [{ n: 1 }, 'one'],
      [{ n: 2 }, 'two'],
    ]);
  });

  it('pairs a result with the latest of several open calls with the same id', () => {
    const call = (n: number) => ({ type: 'tool_call', id: 'c', name: 'a', input: { n } });
    const all = partsOf(
      ['assistant', call(1)],
      ['assistant', call(2)],
      ['tool', { type: 'tool_result', tool_call_id: 'c', content: 'two' }],
    );
    expect(all).toMatchObject([[{ input: { n: 2 }, output: 'two' }]]);
  });

  it.each([
    [{ output: { type: 'error-text', value: 'no such city' } }, 'no such city'],
    [{ output: { type: 'error-json', value: { code: 7 } } }, '{"code":7}'],
    [{ output: { type: 'execution-denied' } }, 'Tool execution denied.'],
    [{ output: 'broken', is_error: true }, 'broken'],
  ])('converts the error result %p to an output-error part', (fields, errorText) => {
    const [parts] = partsOf(
      ['assistant', { type: 'tool-call', toolCallId: 'c', toolName: 'a', input: {} }],
      ['tool', { type: 'tool-result', toolCallId: 'c', toolName: 'a', ...fields }],
    );
    expect(parts).toEqual([{ type: 'tool-a', toolCallId: 'c', state: 'output-error', input: {}, errorText }]);
  });

  it.each([
    ['{"n": 1}', { n: 1 }],
    ['', {}],
    ['[1]', { input: [1] }],
    ['{"n": ', { input: '{"n": ' }],
  ])('converts the arguments %p to an input object', (json, input) => {
    const [parts] = partsOf(
      ['assistant', { type: 'tool_call', id: 'c', name: 'a', arguments: json }],
      ['tool', { type: 'tool_result', tool_call_id: 'c', content: '' }],
    );
    expect(parts![0]).toMatchObject({ input, output: '' });
  });
});

describe('toUiMessages with parts that it omits', () => {
  it.each<[string, ...MessageInput[]]>([
    ['a call without a result', ['assistant', { type: 'tool_call', id: 'c', name: 'a' }]],
    ['a result without a call', ['tool', { type: 'tool_result', tool_call_id: 'c', content: 'x' }]],
    [
      'a result before its call',
      ['tool', { type: 'tool_result', tool_call_id: 'c' }],
      ['assistant', { type: 'tool_call', id: 'c', name: 'a' }],
    ],
    [
      'a result of another call',
      ['assistant', { type: 'tool_call', id: 'c', name: 'a' }],
      ['tool', { type: 'tool_result', tool_call_id: 'd' }],
    ],
    ['a call without a name', ['assistant', { type: 'tool_call', id: 'c' }]],
    [
      'a UI tool part whose input is incomplete',
      ['assistant', { type: 'tool-a', toolCallId: 'c', state: 'input-streaming' }],
    ],
    [
      'a UI tool part that needs approval',
      ['assistant', { type: 'tool-a', toolCallId: 'c', state: 'approval-requested' }],
    ],
    ['a part of a custom shape', ['user', { type: 'location', city: 'Rome' }]],
    ['reasoning without text', ['assistant', { type: 'reasoning', tokens: [1] }]],
    ['an empty text', ['assistant', text('')]],
    ['a step-start without content', ['assistant', { type: 'step-start' }]],
    ['a system message without text', ['system', { type: 'image', image: 'x' }]],
  ])('returns no message for %s', (_, ...messages) => {
    expect(toUiMessages(window(...messages))).toEqual([]);
  });

  it('keeps the other parts of a message whose call it omits', () => {
    expect(partsOf(['assistant', text('Let me see.'), { type: 'tool_call', id: 'c', name: 'a' }])).toEqual([
      [text('Let me see.')],
    ]);
  });
});

describe('toUiMessages', () => {
  it('keeps the id and metadata of a message, and creates a unique id if there is none', () => {
    const [first, ...others] = window(['user', text('a')], ['user', text('b')], ['user', text('c')]);
    const messages = [
      { ...first!, id: 'm', metadata: { a: 1 } },
      ...others.map((other) => ({ ...other, seq: 2 })),
    ];
    expect(toUiMessages(messages)).toEqual([
      { id: 'm', role: 'user', metadata: { a: 1 }, parts: [text('a')] },
      { id: 'seq-2', role: 'user', parts: [text('b')] },
      { id: 'seq-2-2', role: 'user', parts: [text('c')] },
    ]);
  });

  it('converts files to the fields of UI messages', () => {
    const url = 'https://example.com/a.png';
    expect(
      partsOf([
        'user',
        { type: 'file', mediaType: 'image/png', url, filename: 'a.png' },
        { type: 'file', mediaType: 'image/png', data: 'aGk=' },
        { type: 'image', image: url },
      ]),
    ).toEqual([
      [
        { type: 'file', mediaType: 'image/png', url, filename: 'a.png' },
        { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,aGk=' },
        { type: 'file', mediaType: 'image/*', url },
      ],
    ]);
  });

  it('keeps finished calls, steps and data of a UI message, and converts a denied call to an error', () => {
    const done = { type: 'tool-a', toolCallId: 'c', state: 'output-available', input: {}, output: 1 };
    expect(
      partsOf([
        'assistant',
        { type: 'step-start' },
        { type: 'reasoning', text: 'hm', providerMetadata: { x: { signature: 's' } } },
        done,
        { type: 'dynamic-tool', toolName: 'b', toolCallId: 'd', state: 'output-denied', input: {} },
        { type: 'data-chart', data: [1] },
      ]),
    ).toEqual([
      [
        { type: 'step-start' },
        { type: 'reasoning', text: 'hm', providerMetadata: { x: { signature: 's' } } },
        done,
        {
          type: 'dynamic-tool',
          toolName: 'b',
          toolCallId: 'd',
          state: 'output-error',
          input: {},
          errorText: 'Tool execution denied.',
        },
        { type: 'data-chart', data: [1] },
      ],
    ]);
  });

  it('joins the texts of a system message', () => {
    expect(partsOf(['system', text('Be'), text('brief')])).toEqual([[text('Be\nbrief')]]);
  });
});
