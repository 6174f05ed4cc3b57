import { describe, expect, it } from '@jest/globals';
import type { Part, Role } from './message.js';
import { modelContent } from './model-content.js';

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
    ['a single text is a string', 'user', [text('hi')], 'hi'],
    ['several texts stay separate parts', 'assistant', [text('a'), text('b')], [text('a'), text('b')]],
    ['the texts of a system message are one string', 'system', [text('a'), call('1'), text('b')], 'a\nb'],
    ['the text of a developer message is a string, too', 'developer', [text('a')], 'a'],
    [
      'markers of a UI message are left out',
      'assistant',
      [{ type: 'step-start' }, { ...text('a'), state: 'done' }],
      'a',
    ],
    ['parts of unknown shapes are left out', 'assistant', [{ type: 'tool_call', name: 'x' }, text('a')], 'a'],
    [
      'content that would be empty names the types that were left out',
      'assistant',
      [{ type: 'tool_call', name: 'x' }],
      '[tool_call]',
    ],
    ['an empty text counts as empty content', 'user', [text('')], '[text]'],
    [
      'the content of a system message is not empty either, and names each type once',
      'system',
      [{ type: 'x' }, { type: 'x' }],
      '[x]',
    ],
    [
      'reasoning without a text is left out',
      'assistant',
      [{ type: 'reasoning', tokens: [1] }, text('a')],
      'a',
    ],
    [
      'the content of a tool message may be an empty array',
      'tool',
      [{ type: 'tool_result', payload: 1 }],
      [],
    ],
    ['a call and its result are kept', 'assistant', [call('1'), result('1')], [call('1'), result('1')]],
    [
      'a bare output is wrapped',
      'tool',
      [result('1', { temperature: 20 }), result('2', 'plain')],
      [
        result('1', { type: 'json', value: { temperature: 20 } }),
        result('2', { type: 'text', value: 'plain' }),
      ],
    ],
    [
      'a denied execution becomes an error, which all major versions know',
      'tool',
      [result('1', { type: 'execution-denied', reason: 'no' })],
      [result('1', { type: 'error-text', value: 'no' })],
    ],
    [
      'a file of a UI message becomes a file of a model message',
      'user',
      [{ type: 'file', mediaType: 'image/png', url: 'https://a.b/c.png', filename: 'c.png' }],
      [{ type: 'file', mediaType: 'image/png', data: 'https://a.b/c.png', filename: 'c.png' }],
    ],
    [
      'a file with tagged data gets plain data, which all major versions know',
      'user',
      [{ type: 'file', mediaType: 'text/plain', data: { type: 'data', data: 'aGk=' } }],
      [{ type: 'file', mediaType: 'text/plain', data: 'aGk=' }],
    ],
    [
      'provider options are kept',
      'user',
      [{ ...text('a'), providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } } }],
      [{ ...text('a'), providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } } }],
    ],
  ];

  it.each(cases)('%s', (_, role, parts, content) => {
    expect(modelContent(role, parts)).toEqual(content);
  });
});
