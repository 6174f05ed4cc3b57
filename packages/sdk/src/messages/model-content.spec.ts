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

describe('modelContent', () => {
  const cases: [string, Role, Part[], unknown][] = [
    ['returns a single text as a string', 'user', [text('hi')], 'hi'],
    ['keeps several texts as separate parts', 'assistant', [text('a'), text('b')], [text('a'), text('b')]],
    ['joins the texts of a system message', 'system', [text('a'), call('1'), text('b')], 'a\nb'],
    ['returns the text of a developer message as a string', 'developer', [text('a')], 'a'],
    [
      'omits the markers of a UI message',
      'assistant',
      [{ type: 'step-start' }, { ...text('a'), state: 'done' }],
      'a',
    ],
    ['omits parts of unknown shapes', 'assistant', [{ type: 'tool_call', name: 'x' }, text('a')], 'a'],
    [
      'returns a placeholder with the omitted type if the content would be empty',
      'assistant',
      [{ type: 'tool_call', name: 'x' }],
      '[tool_call]',
    ],
    ['returns a placeholder for an empty text', 'user', [text('')], '[text]'],
    [
      'names each omitted type once in the placeholder of a system message',
      'system',
      [{ type: 'x' }, { type: 'x' }],
      '[x]',
    ],
    ['omits reasoning without text', 'assistant', [{ type: 'reasoning', tokens: [1] }, text('a')], 'a'],
    [
      'returns an empty array for a tool message without a known result',
      'tool',
      [{ type: 'tool_result', payload: 1 }],
      [],
    ],
    ['keeps a call and its result', 'assistant', [call('1'), result('1')], [call('1'), result('1')]],
    [
      'wraps an output that has no type',
      'tool',
      [result('1', { temperature: 20 }), result('2', 'plain')],
      [
        result('1', { type: 'json', value: { temperature: 20 } }),
        result('2', { type: 'text', value: 'plain' }),
      ],
    ],
    [
      'converts a denied execution to an error, which all AI SDK versions know',
      'tool',
      [result('1', { type: 'execution-denied', reason: 'no' })],
      [result('1', { type: 'error-text', value: 'no' })],
    ],
    [
      'converts a file of a UI message to a file of a model message',
      'user',
      [{ type: 'file', mediaType: 'image/png', url: 'https://a.b/c.png', filename: 'c.png' }],
      [{ type: 'file', mediaType: 'image/png', data: 'https://a.b/c.png', filename: 'c.png' }],
    ],
    [
      'converts tagged file data to plain data, which all AI SDK versions know',
      'user',
      [{ type: 'file', mediaType: 'text/plain', data: { type: 'data', data: 'aGk=' } }],
      [{ type: 'file', mediaType: 'text/plain', data: 'aGk=' }],
    ],
    [
      'keeps provider options',
      'user',
      [{ ...text('a'), providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } } }],
      [{ ...text('a'), providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } } }],
    ],
  ];

  it.each(cases)('%s', (_, role, parts, content) => {
    expect(modelContent(role, parts)).toEqual(content);
  });
});
