import { describe, expect, it } from '@jest/globals';
import type { MessageEvent, Part, Role } from '../event.js';
import { modelContents } from './ai-sdk-contents.js';

const text = (value: string, fields = {}): Part => ({ type: 'text', text: value, ...fields });
const event = (role: Role, ...parts: Part[]): MessageEvent => ({ role, parts });
const call = (toolCallId: string): Part => ({
  type: 'tool-call',
  toolCallId,
  toolName: 'f',
  input: { q: 1 },
});
const result = (toolCallId: string, output: unknown = { type: 'text', value: 'r' }): Part => ({
  ...{ type: 'tool-result', toolCallId, toolName: 'f', output },
});
const contents = (...events: MessageEvent[]) =>
  modelContents(events.map((each, index) => ({ seq: index + 1, event: each })));

describe('modelContents', () => {
  const single: [string, MessageEvent, unknown][] = [
    ['a single text as a string', event('user', text('hi')), 'hi'],
    ['an empty text as it is', event('user', text('')), ''],
    ['several texts as parts', event('assistant', text('a'), text('b')), [text('a'), text('b')]],
    ['the texts of a system message as one', event('system', text('a'), text('b')), 'a\n\nb'],
    ['the text of a developer message', event('developer', text('a')), 'a'],
    [
      'no markers of a UI message',
      event('assistant', { type: 'step-start' }, text('a', { state: 'done' })),
      'a',
    ],
    ['no parts of unknown types', event('user', { type: 'location' }, text('a')), 'a'],
    [
      'the types that were left out, if nothing else is left',
      event('user', { type: 'x' }, { type: 'x' }),
      '[x]',
    ],
    [
      'no tool parts of a UI message',
      event('assistant', { type: 'tool-f', toolCallId: 'c', state: 'output-available' }),
      '[tool-f]',
    ],
    [
      'a file of a UI message as one of a model message',
      event('user', { type: 'file', mediaType: 'image/png', url: 'https://a.b/c.png', filename: 'c.png' }),
      [{ type: 'file', mediaType: 'image/png', data: 'https://a.b/c.png', filename: 'c.png' }],
    ],
    [
      'provider options',
      event('user', text('a', { providerOptions: { anthropic: { x: 1 } } })),
      [text('a', { providerOptions: { anthropic: { x: 1 } } })],
    ],
  ];
  it.each(single)('returns %s', (_, message, content) => {
    expect(contents(message)).toEqual([content]);
  });

  it('returns a call only together with a result that directly follows', () => {
    expect(
      contents(
        event('user', text('a')),
        event('assistant', call('1'), call('2')),
        event('tool', result('1')),
        event('tool', result('2')),
      ),
    ).toEqual(['a', [call('1'), call('2')], [result('1')], [result('2')]]);
    expect(contents(event('assistant', text('a'), call('1')), event('user', text('b')))).toEqual(['a', 'b']);
    expect(contents(event('assistant', call('1')))).toEqual(['[tool-call]']);
    expect(
      contents(event('assistant', call('1')), event('user', text('b')), event('tool', result('1'))),
    ).toEqual([...['[tool-call]', 'b', []]]);
    expect(contents(event('user', text('a')), event('tool', result('1')))).toEqual(['a', []]);
  });

  it('returns calls and results of OpenAI Chat, whose ids are fields of the event', () => {
    const chat = { id: '1', type: 'function', function: { name: 'f', arguments: '{"q":1}' } };
    expect(
      contents(
        { role: 'assistant', parts: [], tool_calls: [chat] },
        { role: 'tool', tool_call_id: '1', parts: [text('r')] },
      ),
    ).toEqual([[call('1')], [result('1')]]);
    expect(contents({ role: 'assistant', parts: [], tool_calls: [chat] })).toEqual(['[tool_calls]']);
  });

  it('returns what a provider has executed, and a call that the user has approved', () => {
    const executed = { ...call('ws'), providerExecuted: true };
    expect(contents(event('assistant', executed, result('ws')))).toEqual([[executed, result('ws')]]);
    const request = { type: 'tool-approval-request', approvalId: 'p', toolCallId: '1' };
    const response = { type: 'tool-approval-response', approvalId: 'p', approved: true };
    expect(contents(event('assistant', call('1'), request), event('tool', response))).toEqual([
      [call('1'), request],
      [response],
    ]);
  });
});
