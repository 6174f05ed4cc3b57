import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part } from '../event.js';
import type { WindowEvent } from '../window-event.js';
import type { AiSdkOptions } from './ai-sdk-options.js';
import { renderAiSdk } from './ai-sdk.js';

const PNG = 'iVBORw0KGgo=';
const text = (value: string, fields = {}): Part => ({ type: 'text', text: value, ...fields });
const user = (...parts: Part[]): MessageEvent => ({ role: 'user', parts });
const assistant = (...parts: Part[]): MessageEvent => ({ role: 'assistant', parts });
const tool = (...parts: Part[]): MessageEvent => ({ role: 'tool', parts });
const system = (value: string): MessageEvent => ({ role: 'system', parts: [text(value)] });
const call = (toolCallId: string, fields = {}): Part => ({
  ...{ type: 'tool-call', toolCallId, toolName: 'f', input: { a: 1 } },
  ...fields,
});
const result = (toolCallId: string, output: unknown = { type: 'text', value: 'r' }, fields = {}): Part => ({
  ...{ type: 'tool-result', toolCallId, toolName: 'f', output },
  ...fields,
});
const request = { type: 'tool-approval-request', approvalId: 'p', toolCallId: 'a' };
const response = { type: 'tool-approval-response', approvalId: 'p', approved: true };
const signed = (value = ''): Part => ({
  ...{ type: 'reasoning', text: value },
  providerOptions: { anthropic: { signature: 's' } },
});

const windowOf = (events: readonly MessageEvent[], firstSeq = 1): WindowEvent[] =>
  events.map((event, index) => ({ seq: index + firstSeq, event }));
const renderWith = (options: AiSdkOptions, ...events: MessageEvent[]) => {
  const { prompt, repairs } = renderAiSdk(windowOf(events), options);
  return { ...prompt, messages: prompt.messages as { role: string; content: unknown }[], repairs };
};
const render = (...events: MessageEvent[]) => renderWith({}, ...events);
const codes = ({ repairs }: { repairs: { code: string; seq: number }[] }) =>
  repairs.map(({ code, seq }) => [code, seq]);

describe('renderAiSdk with messages of the AI SDK', () => {
  const sent = [
    { role: 'user', content: 'q' },
    {
      role: 'assistant',
      content: [
        signed('hm'),
        text('I look', { providerOptions: { openai: { itemId: 'msg_1' } } }),
        { type: 'custom', kind: 'a.b', providerOptions: { a: {} } },
        { type: 'reasoning-file', data: PNG, mediaType: 'image/png' },
        call('ws_1', { toolName: 'mcp.search', providerExecuted: true }),
        result('ws_1', { type: 'json', value: [] }, { toolName: 'mcp.search' }),
        call('a', { providerOptions: { google: { thoughtSignature: 'SIG' } } }),
        request,
      ],
    },
    {
      role: 'tool',
      content: [
        response,
        result('a', {
          type: 'content',
          value: [text('here'), { type: 'image-data', data: PNG, mediaType: 'image/png' }],
        }),
      ],
      providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } },
    },
    { role: 'assistant', content: 'done' },
    { providerOptions: { openai: { x: 1 } }, role: 'user', content: [text('next')] },
  ];

  it('returns them as they were sent, with the same parts', () => {
    const window = sent.map((message, index): WindowEvent => {
      const { content } = message;
      const parts = typeof content === 'string' ? [text(content)] : content;
      const fields = Object.entries({ ...message, id: 'm', metadata: {} });
      const event = Object.fromEntries(
        fields.map(([key, value]) => (key === 'content' ? ['parts', parts] : [key, value])),
      );
      const contentForm = typeof content === 'string' ? 'string' : 'parts';
      return { seq: index + 1, event: event as MessageEvent, contentForm };
    });
    const { prompt, repairs } = renderAiSdk(window);
    expect(JSON.stringify(prompt)).toBe(JSON.stringify({ messages: sent }));
    expect(repairs).toEqual([]);
    for (const [index, message] of (prompt.messages as { content: unknown }[]).entries())
      if (typeof message.content !== 'string') expect(message.content).toBe(window[index]?.event.parts);
  });

  it('makes ids of calls unique, and legal for every provider', () => {
    const long = 'c'.repeat(50);
    const rendered = render(
      user(text('q')),
      assistant(call('f.0'), request, call(long)),
      tool(result('f.0'), result(long)),
      assistant(call('f.0', { toolName: 'a.b' })),
      tool(result('f.0', undefined, { toolName: 'a.b' })),
    );
    const parts = rendered.messages.slice(1).flatMap(({ content }) => content as Part[]);
    expect(parts.map(({ toolCallId, toolName }) => [toolCallId, toolName])).toEqual([
      ...[
        ['f_0', 'f'],
        [long.slice(0, 40), 'f'],
        ['f_0', 'f'],
        [long.slice(0, 40), 'f'],
      ],
      ...[
        ['f_0_2', 'a_b'],
        ['f_0_2', 'a_b'],
      ],
    ]);
    expect(rendered.repairs.map(({ code, call_id }) => [code, call_id])).toEqual([
      ['renamed', 'f_0'],
      ['left_out', undefined],
      ['renamed', long.slice(0, 40)],
      ['renamed', 'f_0_2'],
    ]);
  });

  it('gives a call of a UI message an id if its own is empty', () => {
    const part = { type: 'tool-f', toolCallId: '', state: 'output-available', input: { a: 1 }, output: 'r' };
    const { messages } = render(user(text('q')), assistant(part));
    expect(messages.slice(1)).toEqual([
      { role: 'assistant', content: [call('call_2_0')] },
      { role: 'tool', content: [result('call_2_0')] },
    ]);
  });

  it('joins the tool messages of one answer, because AI SDK 5 sends each on its own', () => {
    const rendered = render(
      user(text('q')),
      assistant(call('a'), call('b')),
      tool(result('b')),
      tool(result('a')),
    );
    expect(rendered.messages.slice(2)).toEqual([{ role: 'tool', content: [result('b'), result('a')] }]);
    expect(codes(rendered)).toEqual([['moved', 4]]);
  });

  it('joins a call to the message of the model before it, and keeps the options of both', () => {
    const cached = { anthropic: { cacheControl: { type: 'ephemeral' } } };
    const rendered = render(
      user(text('q')),
      { ...assistant(text('one')), providerOptions: cached },
      assistant(text('two')),
      assistant(call('a')),
      tool(result('a')),
    );
    expect(rendered.messages[1]).toEqual({
      role: 'assistant',
      content: [text('one', { providerOptions: cached }), text('two'), call('a')],
    });
    const apart = render(user(text('q')), assistant(text('one')), assistant(text('two')), user(text('r')));
    expect(apart.messages).toHaveLength(4);
    expect(apart.repairs).toEqual([]);
  });

  it('leaves out reasoning that nothing follows, and reasoning whose signature has lost its prefix', () => {
    const rendered = render(
      user(text('q')),
      assistant(text('a'), signed('x')),
      user(text('r')),
      assistant(signed()),
    );
    expect(rendered.messages.map(({ content }) => content)).toEqual(['q', [text('a')], 'r']);
    expect(codes(rendered)).toEqual([
      ['left_out', 2],
      ['left_out', 4],
    ]);
    const events = [
      user(text('q')),
      assistant(signed(), text('a')),
      user(text('r')),
      assistant(signed(), call('a')),
      tool(result('a')),
    ];
    const { prompt } = renderAiSdk(windowOf(events, 7));
    expect(prompt.messages).toMatchObject([
      { content: 'q' },
      { content: 'a' },
      { content: 'r' },
      { content: [signed(), call('a')] },
      { role: 'tool' },
    ]);
  });

  it('leaves blank texts out of an output, because Anthropic rejects them', () => {
    const outputOf = (...value: Part[]) =>
      render(user(text('q')), assistant(call('a')), tool(result('a', { type: 'content', value })))
        .messages[2];
    expect(outputOf(text('r'), text(' '))).toEqual({
      role: 'tool',
      content: [result('a', { type: 'content', value: [text('r')] })],
    });
    expect(outputOf(text('\n'))).toEqual({
      role: 'tool',
      content: [result('a', { type: 'text', value: '' })],
    });
  });

  it("leaves out the ids of OpenAI's items if a policy has removed their reasoning", () => {
    const options = (itemId: string, fields = {}) => ({ providerOptions: { openai: { itemId, ...fields } } });
    const reasoning = { type: 'reasoning', text: 'hm', ...options('rs_1') };
    const messages = (isReduced: boolean, ...parts: Part[]) =>
      renderAiSdk([
        { seq: 1, event: user(text('q')) },
        { seq: 2, event: assistant(...parts), isReduced },
        { seq: 3, event: user(text('q')) },
      ]).prompt.messages[1];
    const answer = text('a', options('msg_1', { phase: 'final' }));
    expect(messages(true, answer)).toEqual({
      role: 'assistant',
      content: [text('a', { providerOptions: { openai: { phase: 'final' } } })],
    });
    expect(messages(true, reasoning, answer)).toEqual({ role: 'assistant', content: [reasoning, answer] });
    expect(messages(false, answer)).toEqual({ role: 'assistant', content: [answer] });
  });

  it('keeps an empty text with a signature of Gemini, and leaves out other blank texts', () => {
    const carrier = text('', { providerOptions: { google: { thoughtSignature: 's' } } });
    const rendered = render(
      user(text('q'), text(' \n')),
      assistant(text('a'), carrier, text('')),
      user(text('r')),
    );
    expect(rendered.messages[1]?.content).toEqual([text('a'), carrier]);
    expect(codes(rendered)).toEqual([
      ['left_out', 1],
      ['left_out', 2],
    ]);
  });
});

describe('renderAiSdk with approvals', () => {
  it('leaves a call open that the user has just approved: the AI SDK executes it', () => {
    const model = render(user(text('q')), assistant(call('a'), request), tool(response));
    expect(model.messages.slice(1)).toEqual([
      { role: 'assistant', content: [call('a'), request] },
      { role: 'tool', content: [response] },
    ]);
    expect(model.repairs).toEqual([]);
    const part = { type: 'tool-f', toolCallId: 'a', input: { a: 1 }, callProviderMetadata: { google: {} } };
    const approval = { id: 'p', approved: true };
    const ui = render(user(text('q')), assistant({ ...part, state: 'approval-responded', approval }));
    expect(ui.messages.slice(1)).toEqual([
      { role: 'assistant', content: [call('a', { providerOptions: { google: {} } }), request] },
      { role: 'tool', content: [response] },
    ]);
    const apart = render(
      user(text('q')),
      assistant({ ...part, state: 'approval-requested', approval: { id: 'p' } }),
      tool(response),
    );
    expect(apart.messages).toEqual(ui.messages);
  });

  it.each([true, false])('keeps a step together if a call of it is open (approved: %s)', (approved) => {
    const part = { type: 'tool-f', input: { a: 1 } };
    const rendered = render(
      user(text('q')),
      assistant(
        { ...part, toolCallId: 'a', state: 'approval-responded', approval: { id: 'p', approved } },
        { ...part, toolCallId: 'b', state: 'output-available', output: 'r' },
        text('I wait'),
      ),
    );
    expect(rendered.messages.slice(1)).toEqual([
      { role: 'assistant', content: [call('a'), request, call('b'), text('I wait')] },
      { role: 'tool', content: [{ ...response, approved }, result('b')] },
    ]);
    expect(rendered.repairs).toEqual([]);
  });

  it('leaves out media that would follow the results beside an open call', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } };
    const rendered = render(
      user(text('q')),
      assistant(call('a'), request, call('b')),
      tool(response, { type: 'tool_result', tool_use_id: 'b', content: [image] }),
    );
    expect(rendered.messages.slice(1)).toEqual([
      { role: 'assistant', content: [call('a'), request, call('b')] },
      { role: 'tool', content: [response, result('b', { type: 'text', value: '[image/png]' })] },
    ]);
    expect(codes(rendered)).toEqual([['left_out', 2]]);
  });

  it('adds a result if the conversation went on without one', () => {
    const rendered = render(user(text('q')), assistant(call('a'), request), tool(response), user(text('r')));
    expect(rendered.messages.slice(1)).toEqual([
      { role: 'assistant', content: [call('a'), request] },
      { role: 'tool', content: [result('a', expect.objectContaining({ type: 'error-text' })), response] },
      { role: 'user', content: 'r' },
    ]);
    expect(codes(rendered)).toEqual([
      ['call_without_result', 2],
      ['moved', 3],
    ]);
  });

  it('leaves out a response whose request is not in the window', () => {
    const rendered = render(user(text('q')), tool(response));
    expect(rendered.messages).toEqual([{ role: 'user', content: 'q' }]);
    expect(codes(rendered)).toEqual([['left_out', 2]]);
  });
});

describe('renderAiSdk for one version', () => {
  const image = { type: 'image-data', data: PNG, mediaType: 'image/png' };
  const media = { type: 'media', data: PNG, mediaType: 'image/png' };
  const file = { type: 'file', data: { type: 'data', data: PNG }, mediaType: 'image/png' };
  const outputFor = (version: 5 | 6 | 7, item: object) => {
    const { messages } = renderWith(
      { version },
      user(text('q')),
      assistant(call('a')),
      tool(result('a', { type: 'content', value: [text('here'), item] })),
    );
    const { output } = (messages[2]?.content as Part[])[0] as unknown as { output: { value: unknown[] } };
    return output.value[1];
  };

  it('keeps media in outputs, in the spelling of the version', () => {
    for (const item of [image, media, file]) expect(outputFor(5, item)).toEqual(media);
    expect([image, media, file].map((item) => outputFor(6, item))).toEqual([image, media, image]);
    expect([image, media, file].map((item) => outputFor(7, item))).toEqual([image, file, file]);
  });

  it('leaves blank texts out of an output that is converted for the version', () => {
    const { messages } = renderWith(
      { version: 7 },
      user(text('q')),
      assistant(call('a')),
      tool(result('a', { type: 'content', value: [text(' '), media] })),
    );
    expect(messages[2]?.content).toEqual([result('a', { type: 'content', value: [file] })]);
  });

  it('writes no tagged URL in an output: AI SDK 7 wants a `URL`, which JSON cannot hold', () => {
    const url = 'https://example.com/a.png';
    const tagged = { type: 'file', data: { type: 'url', url }, mediaType: 'image/png' };
    const output = { type: 'content', value: [{ type: 'text', text: 'see' }, tagged] };
    const { messages } = renderWith(
      { version: 7 },
      user(text('q')),
      assistant(call('a')),
      tool(result('a', output)),
    );
    expect(messages.slice(2)).toEqual([
      { role: 'tool', content: [result('a', { type: 'text', value: 'see' })] },
      {
        role: 'user',
        content: [text('Output of the tool call a:'), { type: 'file', data: url, mediaType: 'image/png' }],
      },
    ]);
  });

  it('leaves out what the version does not know', () => {
    const events = [
      user(text('q')),
      assistant({ type: 'custom', kind: 'a.b' }, text('a'), call('a'), request),
      tool(response, result('a', { type: 'execution-denied', reason: 'no' })),
    ];
    expect(renderWith({ version: 7 }, ...events).repairs).toEqual([]);
    expect(codes(renderWith({ version: 6 }, ...events))).toEqual([['left_out', 2]]);
    const five = renderWith({ version: 5 }, ...events);
    expect(five.messages.slice(1)).toEqual([
      { role: 'assistant', content: [text('a'), call('a')] },
      { role: 'tool', content: [result('a', { type: 'error-text', value: 'no' })] },
    ]);
    expect(codes(five)).toEqual([
      ['left_out', 2],
      ['left_out', 2],
      ['left_out', 3],
    ]);
  });
});

describe('renderAiSdk with UI messages', () => {
  it('writes each step as a message of the model and its results', () => {
    const part = (toolCallId: string, fields: object) => ({
      type: 'tool-f',
      toolCallId,
      input: { a: 1 },
      ...fields,
    });
    const rendered = render(
      user({ type: 'file', mediaType: 'image/png', url: 'https://example.com/a.png', filename: 'a.png' }),
      assistant(
        { type: 'step-start' },
        { type: 'reasoning', text: 'hm', state: 'done', providerMetadata: { openai: { itemId: 'rs_1' } } },
        part('a', {
          ...{ state: 'output-available', output: { t: 20 } },
          callProviderMetadata: { google: { thoughtSignature: 'SIG' } },
          resultProviderMetadata: { google: { r: 1 } },
        }),
        part('b', { state: 'output-error', errorText: 'no' }),
        part('ws_1', { state: 'output-available', output: 'found', providerExecuted: true }),
        { type: 'step-start' },
        text('done', { state: 'done' }),
      ),
      user(text('next')),
    );
    expect(rendered.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'file', data: 'https://example.com/a.png', mediaType: 'image/png', filename: 'a.png' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'hm', providerOptions: { openai: { itemId: 'rs_1' } } },
          call('a', { providerOptions: { google: { thoughtSignature: 'SIG' } } }),
          call('b'),
          call('ws_1', { providerExecuted: true }),
          result('ws_1', { type: 'text', value: 'found' }),
        ],
      },
      {
        role: 'tool',
        content: [
          result('a', { type: 'json', value: { t: 20 } }, { providerOptions: { google: { r: 1 } } }),
          result('b', { type: 'error-text', value: 'no' }),
        ],
      },
      { role: 'assistant', content: 'done' },
      { role: 'user', content: 'next' },
    ]);
    expect(rendered.repairs).toEqual([]);
  });
});

describe('renderAiSdk with outputs that tools convert themselves', () => {
  it('uses them for the tool parts of UI messages', () => {
    const part = {
      type: 'tool-f',
      toolCallId: 'a',
      state: 'output-available',
      input: { a: 1 },
      output: { png: PNG },
    };
    const output = { type: 'content', value: [{ type: 'image-data', data: PNG, mediaType: 'image/png' }] };
    const { messages } = renderWith({ outputs: new Map([[part, output]]) }, user(text('q')), assistant(part));
    expect(messages[2]).toEqual({ role: 'tool', content: [result('a', output)] });
  });
});

describe('renderAiSdk with messages of other dialects', () => {
  it('converts those of Anthropic, and puts media of results into a message of the user', () => {
    const rendered = render(
      user(text('q')),
      assistant(
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'x' },
        { type: 'tool_use', id: 'a', name: 'f', input: { a: 1 } },
      ),
      user({
        type: 'tool_result',
        tool_use_id: 'a',
        is_error: true,
        content: [
          text('here'),
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
        ],
      }),
    );
    expect(rendered.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [
          signed('hm'),
          { type: 'reasoning', text: '', providerOptions: { anthropic: { redactedData: 'x' } } },
          call('a'),
        ],
      },
      { role: 'tool', content: [result('a', { type: 'error-text', value: 'here' })] },
      {
        role: 'user',
        content: [text('Output of the tool call a:'), { type: 'file', data: PNG, mediaType: 'image/png' }],
      },
    ]);
  });

  it('converts those of OpenAI, and pairs results by their ids', () => {
    const chatCall = (id: string) => ({
      id,
      type: 'function',
      function: { name: 'f', arguments: '{"a":1}' },
    });
    const chatResult = (id: string, value: string): MessageEvent => ({
      role: 'tool',
      tool_call_id: id,
      parts: [text(value)],
    });
    const rendered = render(
      user(text('q')),
      { role: 'assistant', parts: [], tool_calls: [chatCall('a'), chatCall('b')] },
      chatResult('b', 'of b'),
      chatResult('a', 'of a'),
    );
    expect(rendered.messages.slice(1)).toEqual([
      { role: 'assistant', content: [call('a'), call('b')] },
      {
        role: 'tool',
        content: [result('b', { type: 'text', value: 'of b' }), result('a', { type: 'text', value: 'of a' })],
      },
    ]);
    expect(rendered.repairs).toEqual([]);
  });

  it('leaves out files that no model reads', () => {
    const file = (mediaType: string) => ({ type: 'file', url: 'https://a.b/c', mediaType });
    const { messages, repairs } = render(user(text('q'), file('application/zip'), file('audio/wav')));
    expect(messages).toEqual([
      {
        role: 'user',
        content: [text('q'), { type: 'file', data: 'https://a.b/c', mediaType: 'audio/wav' }],
      },
    ]);
    expect(codes({ repairs })).toEqual([['left_out', 1]]);
  });

  it('reports what it leaves out', () => {
    const rendered = render(
      user(text('q'), { type: 'location', city: 'Rome' }),
      assistant({ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x' }, text('a')),
      user({ type: 'input_file', file_id: 'file-1' }, text('b')),
    );
    expect(codes(rendered)).toEqual([
      ['left_out', 1],
      ['left_out', 2],
      ['left_out', 3],
    ]);
  });
});

describe('renderAiSdk with system messages', () => {
  const events = [
    system('Be brief.'),
    user(text('q')),
    assistant(text('a')),
    system('Be kind.'),
    user(text('r')),
  ];

  it('hoists the leading ones and writes later ones as texts of the user', () => {
    const { system: hoisted, messages } = render(...events);
    expect(hoisted).toBe('Be brief.');
    expect(messages[2]).toEqual({ role: 'user', content: 'System message:\nBe kind.' });
  });

  it('returns a list if they have options, except for AI SDK 5', () => {
    const options = { anthropic: { cacheControl: { type: 'ephemeral' } } };
    const cached = [{ ...system('Be brief.'), providerOptions: options }, system('Really.'), user(text('q'))];
    expect(render(...cached).system).toEqual([
      { role: 'system', content: 'Be brief.', providerOptions: options },
      { role: 'system', content: 'Really.' },
    ]);
    const five = renderWith({ version: 5 }, ...cached);
    expect(five.system).toBe('Be brief.\n\nReally.');
    expect(codes(five)).toEqual([['left_out', 1]]);
  });

  it('keeps all at their place if the caller wants it', () => {
    const roles = (systemPlace: 'messages' | 'user') =>
      renderWith({ systemPlace }, ...events).messages.map(({ role }) => role);
    expect(roles('messages')).toEqual(['system', 'user', 'assistant', 'system', 'user']);
    expect(roles('user')).toEqual(['user', 'user', 'assistant', 'user', 'user']);
    const hoisted = renderWith({ systemPlace: 'hoisted' }, ...events);
    expect(hoisted.system).toBe('Be brief.\n\nBe kind.');
    expect(hoisted.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  });
});

describe('renderAiSdk at the ends of a prompt', () => {
  it('begins and ends with a message of the user', () => {
    const rendered = render(assistant(text('hi')));
    expect(rendered.messages.map(({ content }) => content)).toEqual(['Continue.', 'hi', 'Continue.']);
    expect(codes(rendered)).toEqual([
      ['user_message_added', 0],
      ['user_message_added', 0],
    ]);
    expect(render(system('Be brief.')).messages).toEqual([{ role: 'user', content: 'Continue.' }]);
    expect(render().messages).toEqual([]);
  });

  it('ends with a call that its provider still executes', () => {
    const open = call('ws_1', { providerExecuted: true });
    expect(render(user(text('q')), assistant(open)).messages.at(-1)).toEqual({
      role: 'assistant',
      content: [open],
    });
  });
});
