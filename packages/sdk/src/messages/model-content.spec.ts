import { describe, expect, it } from '@jest/globals';
import { modelContent, withContent } from './model-content.js';
import type { Part, Role } from '../types.js';

const text = (value: string): Part => ({ type: 'text', text: value });
const call = (toolCallId: string): Part => ({
  type: 'tool-call',
  toolCallId,
  toolName: 'lookup',
  input: { q: 1 },
});
const result = (toolCallId: string, output: unknown = { type: 'text', value: 'found' }): Part => ({
  type: 'tool-result',
  toolCallId,
  toolName: 'lookup',
  output,
});

describe('the content of a model message', () => {
  const cases: [string, Role, Part[], unknown][] = [
    ['one text is a string', 'user', [text('hi')], 'hi'],
    ['more than one stay apart', 'assistant', [text('a'), text('b')], [text('a'), text('b')]],
    ['of a system message it is one string', 'system', [text('a'), call('1'), text('b')], 'a\nb'],
    ['of a developer message, too', 'developer', [text('a')], 'a'],
    [
      'marks of a UI message are left out',
      'assistant',
      [{ type: 'step-start' }, { ...text('a'), state: 'done' }],
      'a',
    ],
    ['parts of other shapes are left out', 'assistant', [{ type: 'tool_call', name: 'x' }, text('a')], 'a'],
    ['it is never empty', 'assistant', [{ type: 'tool_call', name: 'x' }], '[tool_call]'],
    ['nor is it of empty texts', 'user', [text('')], '[text]'],
    ['nor of a system message', 'system', [{ type: 'x' }, { type: 'x' }], '[x]'],
    [
      'reasoning without a text is left out',
      'assistant',
      [{ type: 'reasoning', tokens: [1] }, text('a')],
      'a',
    ],
    ['of a tool there is only an empty array', 'tool', [{ type: 'tool_result', payload: 1 }], []],
    ['a call and its answer are carried', 'assistant', [call('1'), result('1')], [call('1'), result('1')]],
    [
      'a bare output is made one',
      'tool',
      [result('1', { temperature: 20 }), result('2', 'plain')],
      [
        result('1', { type: 'json', value: { temperature: 20 } }),
        result('2', { type: 'text', value: 'plain' }),
      ],
    ],
    [
      'a denial is an error, which all majors know',
      'tool',
      [result('1', { type: 'execution-denied', reason: 'no' })],
      [result('1', { type: 'error-text', value: 'no' })],
    ],
    [
      'a file of a UI message is one of a model message',
      'user',
      [{ type: 'file', mediaType: 'image/png', url: 'https://a.b/c.png', filename: 'c.png' }],
      [{ type: 'file', mediaType: 'image/png', data: 'https://a.b/c.png', filename: 'c.png' }],
    ],
    [
      'a file with tagged data is one that all majors know',
      'user',
      [{ type: 'file', mediaType: 'text/plain', data: { type: 'data', data: 'aGk=' } }],
      [{ type: 'file', mediaType: 'text/plain', data: 'aGk=' }],
    ],
    [
      'options of a provider stay',
      'user',
      [{ ...text('a'), providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } } }],
      [{ ...text('a'), providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } } }],
    ],
  ];

  it.each(cases)('%s', (_, role, parts, content) => {
    expect(modelContent(role, parts)).toEqual(content);
  });
});

describe('the messages of a window', () => {
  const messages = (...all: [Role, ...Part[]][]) =>
    withContent(all.map(([role, ...parts], index) => ({ seq: index + 1, role, parts })));
  const contents = (...all: [Role, ...Part[]][]) => messages(...all).map(({ content }) => content);

  it('have a call and its answer only together', () => {
    const both = contents(
      ['user', text('a')],
      ['assistant', call('1'), call('2')],
      ['tool', result('1'), result('2')],
    );
    expect(both.slice(1)).toEqual([
      [call('1'), call('2')],
      [result('1'), result('2')],
    ]);
    expect(contents(['assistant', text('a'), call('1')], ['user', text('b')])).toEqual(['a', 'b']);
    expect(contents(['assistant', call('1')])).toEqual(['[tool-call]']);
    expect(contents(['user', text('a')], ['tool', result('1')])).toEqual(['a', []]);
    // An answer after the next turn of the user is too late, also for another call of that name.
    expect(contents(['assistant', call('1')], ['user', text('b')], ['tool', result('1')])).toEqual([
      '[tool-call]',
      'b',
      [],
    ]);
  });

  it('keep what the log says, but that a developer is the system', () => {
    const [message] = messages(['developer', text('a'), call('1')]);
    expect(message).toEqual({ seq: 1, role: 'system', parts: [text('a'), call('1')], content: 'a' });
  });
});
