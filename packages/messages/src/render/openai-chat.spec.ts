import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part } from '../event.js';
import type { WindowEvent } from '../window-event.js';
import { renderOpenAiChat } from './openai-chat.js';

const user: MessageEvent = { role: 'user', parts: [{ type: 'text', text: 'q' }] };
const assistant = (...parts: Part[]): MessageEvent => ({ role: 'assistant', parts });
const call = (id: string, args = '{}') => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: args },
});
const result = (id: string, text = 'r'): MessageEvent => ({
  role: 'tool',
  tool_call_id: id,
  parts: [{ type: 'text', text }],
});

const windowOf = (...events: MessageEvent[]): WindowEvent[] =>
  events.map((event, index) => ({ seq: index + 1, event }));
const render = (...events: MessageEvent[]) => renderOpenAiChat(windowOf(...events));
const messagesOf = (...events: MessageEvent[]) => render(...events).prompt.messages;

describe('renderOpenAiChat', () => {
  it('returns a conversation of OpenAI Chat as it was sent', () => {
    const sent = [
      { role: 'developer', content: 'Be brief.' },
      {
        role: 'user',
        name: 'alice',
        content: [
          { type: 'text', text: 'a' },
          { type: 'image_url', image_url: { url: 'https://x/y.png' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [call('call_1', '{"a": 1.0}'), call('call_2', 'no json')],
        refusal: null,
      },
      { role: 'tool', content: 'two', tool_call_id: 'call_2' },
      { role: 'tool', content: [{ type: 'text', text: 'one' }], tool_call_id: 'call_1' },
      { role: 'assistant', content: 'done', annotations: [] },
      { role: 'user', content: 'next' },
    ];
    const window = sent.map(({ content, ...fields }, index): WindowEvent => {
      const form = content === null ? 'null' : typeof content === 'string' ? 'string' : 'parts';
      const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
      const { role, ...others } = fields;
      const event = { role, parts, ...others, id: `e${index}`, metadata: { a: 1 } } as MessageEvent;
      return { seq: index + 1, event, contentForm: form };
    });
    const { prompt, repairs } = renderOpenAiChat(window);
    expect(prompt.messages).toEqual(sent);
    expect(JSON.stringify(prompt.messages[6])).toBe(JSON.stringify(sent[6]));
    expect((prompt.messages[2] as { tool_calls: unknown }).tool_calls).toBe(window[2]?.event.tool_calls);
    expect(repairs).toEqual([]);
  });

  it('leaves out fields with values that OpenAI rejects, such as the nulls that SDKs write', () => {
    const text = [{ type: 'text', text: 'a' }];
    const answer: MessageEvent = {
      role: 'assistant',
      parts: text,
      refusal: null,
      annotations: null,
      name: null,
      audio: null,
      function_call: null,
      tool_calls: null,
    };
    const broken: MessageEvent = {
      role: 'assistant',
      parts: text,
      refusal: 7,
      annotations: {},
      tool_calls: 7,
    };
    const called: MessageEvent = { role: 'assistant', parts: text, tool_calls: [null, call('x')] };
    const result: MessageEvent = { role: 'tool', parts: text, tool_call_id: 'x' };
    expect(renderOpenAiChat(windowOf(user, answer, broken, called, result)).prompt.messages.slice(1)).toEqual(
      [
        { role: 'assistant', content: 'a', refusal: null, annotations: null },
        { role: 'assistant', content: 'a' },
        { role: 'assistant', content: 'a', tool_calls: [call('x')] },
        { role: 'tool', content: 'a', tool_call_id: 'x' },
      ],
    );
  });

  it('writes no empty lists, which OpenAI rejects', () => {
    const answer: MessageEvent = { role: 'assistant', parts: [{ type: 'text', text: 'a' }], tool_calls: [] };
    const calls: MessageEvent = { role: 'assistant', parts: [], tool_calls: [call('x')] };
    const nothing: MessageEvent = { role: 'tool', parts: [], tool_call_id: 'x' };
    const window = windowOf(user, answer, calls, nothing).map((each) => ({
      ...each,
      contentForm: 'parts' as const,
    }));
    expect(renderOpenAiChat(window).prompt.messages.slice(1)).toEqual([
      { role: 'assistant', content: answer.parts },
      { role: 'assistant', content: null, tool_calls: calls.tool_calls },
      { role: 'tool', content: '', tool_call_id: 'x' },
    ]);
  });

  it('writes a message of calls only without content if it was sent without', () => {
    const event: MessageEvent = { role: 'assistant', parts: [], tool_calls: [call('a')] };
    const { prompt } = renderOpenAiChat([
      { seq: 1, event: user },
      { seq: 2, event, contentForm: 'absent' },
      { seq: 3, event: result('a') },
    ]);
    expect(prompt.messages[1]).toEqual({ role: 'assistant', tool_calls: [call('a')] });
  });

  it('moves results directly behind their call, and says so', () => {
    const { prompt, repairs } = render(
      user,
      { role: 'assistant', parts: [], tool_calls: [call('a'), call('b')] },
      result('a'),
      user,
      result('b'),
    );
    expect(prompt.messages.map((message) => (message as { role: string }).role)).toEqual([
      'user',
      'assistant',
      'tool',
      'tool',
      'user',
    ]);
    expect(repairs).toEqual([
      { code: 'moved', seq: 5, call_id: 'b', action: 'moved the result directly behind its call' },
    ]);
  });

  it('answers every call, also the last one, and drops results without a call', () => {
    const { prompt, repairs } = render(
      user,
      { role: 'assistant', parts: [], tool_calls: [call('a')] },
      result('x'),
    );
    expect(prompt.messages[2]).toEqual({
      role: 'tool',
      tool_call_id: 'a',
      content: 'No result was recorded for this call',
    });
    expect(prompt.messages).toHaveLength(3);
    expect(repairs.map(({ code }) => code)).toEqual(['call_without_result', 'result_without_call']);
  });

  it('converts the blocks of Anthropic', () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
    const { prompt, repairs } = render(
      { role: 'user', parts: [{ type: 'text', text: 'look' }, image] },
      assistant(
        { type: 'thinking', thinking: 'hm', signature: 'sig' },
        { type: 'text', text: 'I look' },
        { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
      ),
      {
        role: 'user',
        parts: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'seen' }, image] },
          { type: 'text', text: 'mind the style' },
        ],
      },
    );
    const imageUrl = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
    expect(prompt.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'look' }, imageUrl] },
      {
        role: 'assistant',
        content: 'I look',
        tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'seen' },
      { role: 'user', content: [{ type: 'text', text: 'Output of the tool call toolu_1:' }, imageUrl] },
      { role: 'user', content: 'mind the style' },
    ]);
    expect(repairs.map(({ code, action }) => [code, action])).toEqual([
      ['left_out', 'left out reasoning: the format has no such part'],
      ['moved', 'moved the media of the result into a message of the user'],
    ]);
  });

  it('reports names and text files that it cannot keep', () => {
    const file = { type: 'file', file: { filename: 'a.txt', file_data: 'data:text/plain;base64,SGVsbG8=' } };
    const { prompt, repairs } = render(
      { role: 'user', name: 'Bob Ross', parts: [file] },
      { role: 'assistant', parts: [], tool_calls: [call('a')], name: 'bot' },
      { ...result('a'), name: 'f' },
    );
    expect(prompt.messages).toEqual([
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: null, tool_calls: [call('a')], name: 'bot' },
      { role: 'tool', tool_call_id: 'a', content: 'r' },
    ]);
    expect(repairs.map(({ code, seq }) => [code, seq])).toEqual([
      ['rewritten', 1],
      ['left_out', 1],
      ['left_out', 3],
    ]);
  });

  it('splits an answer of several steps into messages', () => {
    const step = (id: string) => ({
      type: 'tool-f',
      toolCallId: id,
      state: 'output-available',
      input: { id },
      output: { is: id },
    });
    const messages = messagesOf(
      user,
      assistant(
        { type: 'step-start' },
        step('a'),
        { type: 'step-start' },
        { type: 'text', text: 'first' },
        step('b'),
        { type: 'text', text: 'done' },
      ),
    );
    expect(messages.slice(1)).toEqual([
      { role: 'assistant', content: null, tool_calls: [call('a', '{"id":"a"}')] },
      { role: 'tool', tool_call_id: 'a', content: '{"is":"a"}' },
      { role: 'assistant', content: 'first', tool_calls: [call('b', '{"id":"b"}')] },
      { role: 'tool', tool_call_id: 'b', content: '{"is":"b"}' },
      { role: 'assistant', content: 'done' },
    ]);
  });

  it('shortens ids, makes names legal and numbers ids that repeat in one message', () => {
    const id = 'x'.repeat(50);
    const { prompt, repairs } = render(
      user,
      {
        role: 'assistant',
        parts: [],
        tool_calls: [call(id), call('a'), { ...call('a'), function: { name: 'get weather', arguments: '' } }],
      },
      result(id),
      result('a', 'second'),
      result('a', 'first'),
    );
    expect(prompt.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          call('x'.repeat(40)),
          call('a'),
          { id: 'a_2', type: 'function', function: { name: 'get_weather', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'x'.repeat(40), content: 'r' },
      { role: 'tool', tool_call_id: 'a_2', content: 'second' },
      { role: 'tool', tool_call_id: 'a', content: 'first' },
    ]);
    expect(repairs.map(({ code, call_id }) => [code, call_id])).toEqual([
      ['renamed', 'x'.repeat(40)],
      ['renamed', 'a_2'],
    ]);
  });

  it('adds a message of the user after the system messages if the window has no other message', () => {
    const system: MessageEvent = { role: 'system', parts: [{ type: 'text', text: 's' }] };
    expect(messagesOf(system, assistant({ type: 'text', text: 'hi' }))).toEqual([
      { role: 'system', content: 's' },
      { role: 'user', content: 'Continue.' },
      { role: 'assistant', content: 'hi' },
    ]);
    expect(messagesOf()).toEqual([]);
  });
});
