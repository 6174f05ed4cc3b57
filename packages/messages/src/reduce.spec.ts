import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part } from './event.js';
import { isWhole, reducedEvent, withoutKinds, withReplacedOutputs } from './reduce.js';

const DEFAULT = ['tool*', 'reasoning'];
const text: Part = { type: 'text', text: 'a' };
const assistant = (...parts: Part[]): MessageEvent => ({ role: 'assistant', parts });

function left(event: MessageEvent, kinds = DEFAULT, follower?: MessageEvent): MessageEvent | undefined {
  const reduction = withoutKinds(event, kinds, follower);
  return reduction && reducedEvent(event, reduction);
}

describe('withoutKinds', () => {
  it.each<[string, Part]>([
    ['AI SDK call', { type: 'tool-call', toolCallId: 'a', toolName: 'f', input: {} }],
    [
      'AI SDK result',
      { type: 'tool-result', toolCallId: 'a', toolName: 'f', output: { type: 'text', value: 'r' } },
    ],
    ['UI message', { type: 'tool-f', toolCallId: 'a', state: 'output-available', input: {}, output: 1 }],
    [
      'dynamic UI tool',
      { type: 'dynamic-tool', toolName: 'f', toolCallId: 'a', state: 'input-available', input: {} },
    ],
    ['Anthropic call', { type: 'tool_use', id: 'a', name: 'f', input: {} }],
    ['Anthropic server call', { type: 'server_tool_use', id: 'a', name: 'web_search', input: {} }],
    ['Anthropic server result', { type: 'web_search_tool_result', tool_use_id: 'a', content: [] }],
    ['Responses call', { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' }],
    ['Responses output', { type: 'function_call_output', call_id: 'a', output: 'r' }],
    ['our call', { type: 'tool_call', id: 'a', name: 'f' }],
    ['thinking', { type: 'thinking', thinking: 't', signature: 's' }],
    ['redacted thinking', { type: 'redacted_thinking', data: 'd' }],
    ['AI SDK reasoning', { type: 'reasoning', text: 't' }],
    ['an unknown type that begins with tool', { type: 'toolbox' }],
  ])('removes by default: %s', (_, part) => {
    expect(left(assistant(text, part))).toEqual(assistant(text));
    expect(left(assistant(part))).toBeUndefined();
  });

  it('removes the tool calls of OpenAI Chat, and messages of the role tool', () => {
    const tool_calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }];
    expect(left({ role: 'assistant', parts: [text], tool_calls, name: 'x' })).toEqual({
      role: 'assistant',
      parts: [text],
      name: 'x',
    });
    expect(left({ role: 'assistant', parts: [], tool_calls })).toBeUndefined();
    expect(left({ role: 'tool', tool_call_id: 'a', parts: [text] })).toBeUndefined();
    expect(left({ role: 'assistant', parts: [text], reasoning_content: 'hm' })).toEqual(assistant(text));
  });

  it('removes calls that LangChain repeats beside the parts', () => {
    const event = assistant(text, { type: 'tool_use', id: 'a', name: 'f', input: {} });
    expect(left({ ...event, tool_calls: [{ id: 'a', name: 'f', args: {} }] })).toEqual(assistant(text));
  });

  it('removes everything with *, whatever field it is in', () => {
    const tool_calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }];
    expect(left({ role: 'assistant', parts: [text], tool_calls, refusal: 'no' }, ['*'])).toBeUndefined();
    expect(left({ role: 'assistant', parts: [], reasoning_content: 'hm' }, ['*'])).toBeUndefined();
    expect(left({ role: 'tool', tool_call_id: 'a', parts: [text] }, ['*'])).toBeUndefined();
  });

  it('removes parts of a message of the role tool by their type', () => {
    const image = { type: 'image', url: 'x' };
    const event: MessageEvent = { role: 'tool', tool_call_id: 'a', parts: [text, image] };
    expect(left(event, ['image'])).toEqual({ ...event, parts: [text] });
    expect(left({ ...event, parts: [image] }, ['image'])).toBeUndefined();
  });

  it('removes an answer if only its step boundaries would remain', () => {
    const step = { type: 'step-start' };
    const call = { type: 'tool-f', toolCallId: 'a', state: 'output-available', input: {}, output: 1 };
    expect(left(assistant(step, call))).toBeUndefined();
    expect(left(assistant(step))).toEqual(assistant(step));
  });

  it('leaves an event without these kinds as it is', () => {
    const event = assistant(text, { type: 'image', url: 'x' });
    const reduction = withoutKinds(event, DEFAULT);
    expect(reduction && isWhole(event, reduction)).toBe(true);
    expect(left(event, ['image'])).toEqual(assistant(text));
    expect(left(event, ['im*'])).toEqual(assistant(text));
  });

  it('keeps reasoning that OpenAI Responses binds to an item that stays', () => {
    const reasoning = { type: 'reasoning', id: 'rs_1', summary: [] };
    const message = {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'a' }],
    };
    const call = { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f', arguments: '{}' };
    expect(left(assistant(reasoning, message))).toEqual(assistant(reasoning, message));
    expect(left(assistant(reasoning, call, message))).toEqual(assistant(message));
    expect(left(assistant(reasoning, text))).toEqual(assistant(text));
    expect(left(assistant(reasoning), DEFAULT, assistant(message))).toEqual(assistant(reasoning));
    expect(left(assistant(reasoning), DEFAULT, assistant(text))).toBeUndefined();
    expect(left(assistant(reasoning), DEFAULT)).toBeUndefined();
  });
});

describe('withReplacedOutputs', () => {
  it.each<[string, Part, Part]>([
    [
      'AI SDK',
      { type: 'tool-result', toolCallId: 'a', toolName: 'f', output: { type: 'json', value: 1 } },
      { type: 'tool-result', toolCallId: 'a', toolName: 'f', output: { type: 'text', value: '-' } },
    ],
    [
      'UI message',
      { type: 'tool-f', toolCallId: 'a', state: 'output-available', input: { x: 1 }, output: 'big' },
      { type: 'tool-f', toolCallId: 'a', state: 'output-available', input: { x: 1 }, output: '-' },
    ],
    [
      'Anthropic',
      { type: 'tool_result', tool_use_id: 'a', content: 'big', is_error: true },
      { type: 'tool_result', tool_use_id: 'a', content: '-', is_error: true },
    ],
    [
      'Anthropic blocks',
      { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'big' }] },
      { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: '-' }] },
    ],
    [
      'Anthropic code execution',
      {
        type: 'code_execution_tool_result',
        tool_use_id: 'a',
        content: { type: 'code_execution_result', stdout: 'big', stderr: '', return_code: 0, content: [] },
      },
      {
        type: 'code_execution_tool_result',
        tool_use_id: 'a',
        content: { type: 'code_execution_result', stdout: '-', stderr: '', return_code: 0, content: [] },
      },
    ],
    [
      'Responses',
      { type: 'function_call_output', call_id: 'a', output: [{ type: 'input_text', text: 'big' }] },
      { type: 'function_call_output', call_id: 'a', output: '-' },
    ],
    [
      'Responses shell',
      {
        type: 'shell_call_output',
        call_id: 'a',
        output: [{ stdout: 'big', stderr: '', outcome: { type: 'timeout' } }],
      },
      {
        type: 'shell_call_output',
        call_id: 'a',
        output: [{ stdout: '-', stderr: '', outcome: { type: 'exit', exit_code: 0 } }],
      },
    ],
    ['our result', { type: 'tool_result', output: { big: 1 } }, { type: 'tool_result', output: '-' }],
  ])('replaces the output in the dialect: %s', (_, part, expected) => {
    const event = assistant(text, part);
    const reduced = reducedEvent(event, withReplacedOutputs(event, '-'));
    expect(reduced).toEqual(assistant(text, expected));
    expect(reduced.parts[0]).toBe(text);
  });

  it('replaces the content of a message of the role tool', () => {
    const event: MessageEvent = { role: 'tool', tool_call_id: 'a', parts: [text, text] };
    expect(reducedEvent(event, withReplacedOutputs(event, '-'))).toEqual({
      role: 'tool',
      tool_call_id: 'a',
      parts: [{ type: 'text', text: '-' }],
    });
  });

  it('replaces only the first results of an event if a count is given', () => {
    const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: id });
    const event: MessageEvent = { role: 'user', parts: [result('a'), result('b')] };
    expect(
      reducedEvent(event, withReplacedOutputs(event, '-', 1)).parts.map(({ content }) => content),
    ).toEqual(['-', 'b']);
  });
});
