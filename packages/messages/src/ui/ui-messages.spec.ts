import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part, Role } from '../event.js';
import { toUiMessages } from './ui-messages.js';

const PNG = 'iVBORw0KGgo=';
const text = (value: string, fields = {}): Part => ({ type: 'text', text: value, ...fields });
const event = (role: Role, ...parts: Part[]): MessageEvent => ({ role, parts });
const step = { type: 'step-start' };

const convert = (...events: MessageEvent[]) =>
  toUiMessages(events.map((each, index) => ({ seq: index + 1, event: each })));
const partsOf = (...events: MessageEvent[]) => convert(...events).map(({ parts }) => parts);

describe('toUiMessages with tool calls and their results', () => {
  const merged = {
    type: 'tool-f',
    toolCallId: 'c1',
    state: 'output-available',
    input: { a: 1 },
    output: 'r',
  };
  const modelCall = { type: 'tool-call', toolCallId: 'c1', toolName: 'f', input: { a: 1 } };
  const modelResult = {
    type: 'tool-result',
    toolCallId: 'c1',
    toolName: 'f',
    output: { type: 'text', value: 'r' },
  };
  const chat = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };
  const dialects: [string, MessageEvent, MessageEvent][] = [
    ['AI SDK', event('assistant', modelCall), event('tool', modelResult)],
    [
      'AI SDK 4',
      event('assistant', { type: 'tool-call', toolCallId: 'c1', toolName: 'f', args: { a: 1 } }),
      event('tool', { type: 'tool-result', toolCallId: 'c1', toolName: 'f', result: 'r' }),
    ],
    [
      'OpenAI Chat',
      { role: 'assistant', parts: [], tool_calls: [chat] },
      { role: 'tool', tool_call_id: 'c1', parts: [text('r')] },
    ],
    [
      'OpenAI Responses',
      event('assistant', {
        type: 'function_call',
        id: 'fc_1',
        call_id: 'c1',
        name: 'f',
        arguments: '{"a":1}',
      }),
      event('tool', { type: 'function_call_output', call_id: 'c1', output: 'r' }),
    ],
    [
      'Anthropic',
      event('assistant', { type: 'tool_use', id: 'c1', name: 'f', input: { a: 1 } }),
      event('user', { type: 'tool_result', tool_use_id: 'c1', content: 'r' }),
    ],
    [
      'ours',
      event('assistant', { type: 'tool_call', id: 'c1', name: 'f', arguments: '{"a":1}' }),
      event('tool', { type: 'tool_result', tool_call_id: 'c1', name: 'f', content: 'r' }),
    ],
  ];
  it.each(dialects)('makes one part of a call and its result: %s', (_, call, result) => {
    expect(partsOf(call, result)).toEqual([[merged]]);
  });

  it('makes one message of the steps of an answer', () => {
    const messages = convert(
      event('user', text('q')),
      { ...event('assistant', text('I look'), modelCall), metadata: { model: 'm' } },
      event('tool', modelResult),
      { ...event('assistant', text('done')), metadata: { tokens: 3 } },
      event('user', text('next')),
    );
    expect(messages).toEqual([
      { id: 'seq-1', role: 'user', parts: [text('q')] },
      {
        ...{ id: 'seq-2', role: 'assistant', metadata: { model: 'm', tokens: 3 } },
        parts: [text('I look'), merged, step, text('done')],
      },
      { id: 'seq-5', role: 'user', parts: [text('next')] },
    ]);
  });

  it('keeps messages with ids of their own apart, unless they continue after tool results', () => {
    const answer = (id: string, ...parts: Part[]) => ({ ...event('assistant', ...parts), id });
    const ids = convert(
      answer('m1', text('a')),
      answer('m2', modelCall),
      event('tool', modelResult),
      answer('m3', text('b')),
      answer('m3', text('c')),
      answer('m4', text('d')),
    ).map(({ id, parts }) => [id, parts.length]);
    expect(ids).toEqual([
      ['m1', 1],
      ['m2', 4],
      ['m4', 1],
    ]);
  });

  it('keeps a call without a result open, and leaves out a result without a call', () => {
    expect(
      partsOf(event('assistant', modelCall), event('tool', { ...modelResult, toolCallId: 'other' })),
    ).toEqual([[{ type: 'tool-f', toolCallId: 'c1', state: 'input-available', input: { a: 1 } }]]);
  });

  it('makes an id for a call without an id, and never pairs it by guess', () => {
    const call = (name: string) => ({ type: 'tool_call', name });
    const result = (content: string) => ({ type: 'tool_result', content });
    expect(partsOf(event('assistant', call('a'), call('b')), event('tool', result('x')))).toMatchObject([
      [
        { toolCallId: 'call_1_0', state: 'input-available' },
        { toolCallId: 'call_1_1', state: 'input-available' },
      ],
    ]);
  });

  it('pairs each result with its own call if an id is used twice', () => {
    const call = (n: number) => ({ type: 'tool_call', id: 'c', name: 'a', input: { n } });
    const result = (content: string) => event('tool', { type: 'tool_result', tool_call_id: 'c', content });
    const [parts] = partsOf(
      event('assistant', call(1)),
      result('one'),
      event('assistant', call(2)),
      result('two'),
    );
    expect(
      parts!.filter(({ type }) => type === 'tool-a').map(({ input, output }) => [input, output]),
    ).toEqual([
      [{ n: 1 }, 'one'],
      [{ n: 2 }, 'two'],
    ]);
  });

  it.each([
    [{ output: { type: 'error-text', value: 'no' } }, { state: 'output-error', errorText: 'no' }],
    [
      { output: { type: 'error-json', value: { code: 7 } } },
      { state: 'output-error', errorText: '{"code":7}' },
    ],
    [{ output: { type: 'json', value: [1] } }, { state: 'output-available', output: [1] }],
    [
      {
        output: {
          type: 'content',
          value: [text('x'), { type: 'image-data', data: PNG, mediaType: 'image/png' }],
        },
      },
      { output: [text('x'), { type: 'image-data', data: PNG, mediaType: 'image/png' }] },
    ],
  ])('converts the result %p', (fields, expected) => {
    const [parts] = partsOf(event('assistant', modelCall), event('tool', { ...modelResult, ...fields }));
    expect(parts![0]).toMatchObject(expected);
  });

  it('keeps the provider options of a call and its result, and what the provider has executed', () => {
    const google = { google: { thoughtSignature: 's' } };
    const executed = { ...modelCall, toolCallId: 'ws', providerExecuted: true };
    const [parts] = partsOf(
      event(
        'assistant',
        { ...executed },
        { ...modelResult, toolCallId: 'ws' },
        { ...modelCall, providerOptions: google },
      ),
      event('tool', { ...modelResult, providerOptions: { google: { r: 1 } } }),
    );
    expect(parts).toEqual([
      { ...merged, toolCallId: 'ws', providerExecuted: true },
      { ...merged, callProviderMetadata: google, resultProviderMetadata: { google: { r: 1 } } },
    ]);
  });
});

describe('toUiMessages with approvals', () => {
  const call = { type: 'tool-call', toolCallId: 'c', toolName: 'f', input: {} };
  const request = { type: 'tool-approval-request', approvalId: 'p', toolCallId: 'c' };
  const response = (approved: boolean) => ({
    type: 'tool-approval-response',
    approvalId: 'p',
    approved,
    reason: 'why',
  });
  const result = {
    type: 'tool-result',
    toolCallId: 'c',
    toolName: 'f',
    output: { type: 'text', value: 'r' },
  };
  const denied = { ...result, output: { type: 'execution-denied', reason: 'why' } };
  const asked = event('assistant', call, request);
  const askedUi = event('assistant', step, {
    ...{ type: 'tool-f', toolCallId: 'c', state: 'approval-requested', input: {}, approval: { id: 'p' } },
  });

  it.each([
    ['requested', [], { state: 'approval-requested', approval: { id: 'p' } }],
    [
      'given',
      [event('tool', response(true))],
      { state: 'approval-responded', approval: { id: 'p', approved: true, reason: 'why' } },
    ],
    [
      'used',
      [event('tool', response(true)), event('tool', result)],
      { state: 'output-available', output: 'r' },
    ],
    [
      'denied',
      [event('tool', response(false), denied)],
      { state: 'output-denied', approval: { id: 'p', approved: false, reason: 'why' } },
    ],
  ])('shows an approval that is %s', (_, events, expected) => {
    expect(convert(asked, ...events)).toMatchObject([
      { parts: [{ type: 'tool-f', toolCallId: 'c', ...expected }] },
    ]);
    expect(convert(askedUi, ...events)).toMatchObject([
      { parts: [step, { type: 'tool-f', toolCallId: 'c', ...expected }] },
    ]);
  });
});

describe('toUiMessages with other parts', () => {
  it('returns the parts of UI messages as they are', () => {
    const parts = [
      step,
      { type: 'reasoning', text: '', providerMetadata: { openai: { itemId: 'rs_1' } } },
      { type: 'tool-a', toolCallId: 'c', state: 'output-available', input: {}, output: 1 },
      { type: 'dynamic-tool', toolName: 'b', toolCallId: 'd', state: 'input-streaming' },
      { type: 'source-url', sourceId: 's', url: 'https://example.com' },
      { type: 'data-chart', data: [1] },
      { type: 'file', mediaType: 'image/png', url: 'https://example.com/a.png' },
      { type: 'custom', kind: 'a.b', providerMetadata: { a: {} } },
      text('x', { state: 'done' }),
    ];
    const [shown] = partsOf(event('assistant', ...parts));
    expect(shown).toEqual(parts);
    shown!.forEach((part, index) => {
      if (part.type !== 'custom') expect(part).toBe(parts[index]);
    });
  });

  it('converts reasoning, files and custom parts of model messages', () => {
    const options = { a: { b: 1 } };
    expect(
      partsOf(
        event(
          'user',
          { type: 'image', image: PNG, mediaType: 'image/png' },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'ü' }, title: 'T' },
          { type: 'input_file', file_id: 'file-1' },
        ),
        event(
          'assistant',
          { type: 'reasoning', text: 'hm', providerOptions: options },
          { type: 'thinking', thinking: 'so', signature: 's' },
          { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x' },
          { type: 'reasoning-file', data: PNG, mediaType: 'image/png' },
          { type: 'custom', kind: 'a.b', providerOptions: options },
          { type: 'output_text', text: 'done' },
        ),
      ),
    ).toEqual([
      [
        { type: 'file', mediaType: 'image/png', url: `data:image/png;base64,${PNG}` },
        { type: 'file', mediaType: 'text/plain', url: 'data:text/plain;base64,w7w=', filename: 'T' },
      ],
      [
        { type: 'reasoning', text: 'hm', providerMetadata: options },
        { type: 'reasoning', text: 'so', providerMetadata: { anthropic: { signature: 's' } } },
        { type: 'reasoning-file', mediaType: 'image/png', url: `data:image/png;base64,${PNG}` },
        { type: 'custom', kind: 'a.b', providerMetadata: options },
        text('done'),
      ],
    ]);
  });

  it('returns system messages as one text, and no message without anything to show', () => {
    expect(partsOf(event('system', text('Be'), text('brief')))).toEqual([[text('Be\n\nbrief')]]);
    expect(
      convert(event('user', { type: 'location', city: 'Rome' }), event('assistant', step), event('system')),
    ).toEqual([]);
  });

  it('keeps ids and metadata, and makes ids unique', () => {
    const messages = toUiMessages([
      { seq: 1, event: { ...event('user', text('a')), id: 'm', metadata: { a: 1 } } },
      { seq: 2, event: event('user', text('b')) },
      { seq: 2, event: event('user', text('c')) },
    ]);
    expect(messages.map(({ id, metadata }) => [id, metadata])).toEqual([
      ['m', { a: 1 }],
      ['seq-2', undefined],
      ['seq-2-2', undefined],
    ]);
  });
});
