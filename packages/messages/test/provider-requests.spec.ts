import { describe, expect, it } from '@jest/globals';
import type { ModelMessage } from 'ai';
import { validatePrompt } from '../src/validate/index.js';
import { capturePrompt } from './support/captured-requests.js';

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const call = (toolCallId: string) => ({
  type: 'tool-call' as const,
  toolCallId,
  toolName: 'weather',
  input: { city: 'Paris' },
});
const result = (toolCallId: string) => ({
  type: 'tool-result' as const,
  toolCallId,
  toolName: 'weather',
  output: { type: 'json' as const, value: { degrees: 20 } },
});

const CONVERSATIONS: Record<string, ModelMessage[]> = {
  'one question': [{ role: 'user', content: 'Hi' }],
  'several turns with an image': [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'file', data: PNG, mediaType: 'image/png' },
      ],
    },
    { role: 'assistant', content: 'A pixel' },
    { role: 'user', content: 'Are you sure?' },
  ],
  'parallel calls, answered in another order': [
    { role: 'user', content: 'Weather?' },
    { role: 'assistant', content: [{ type: 'text', text: 'One moment' }, call('a'), call('b')] },
    { role: 'tool', content: [result('b'), result('a')] },
    { role: 'assistant', content: '20 degrees' },
    { role: 'user', content: 'Thanks' },
  ],
  'a tool loop that still runs': [
    { role: 'user', content: 'Weather?' },
    { role: 'assistant', content: [call('a')] },
    { role: 'tool', content: [result('a')] },
    { role: 'assistant', content: [call('b')] },
    { role: 'tool', content: [{ ...result('b'), output: { type: 'error-text', value: 'unknown city' } }] },
  ],
};

const FORMATS = ['openai-chat', 'openai-responses', 'anthropic', 'gemini'] as const;

describe.each(Object.entries(CONVERSATIONS))('%s', (_, messages) => {
  it('is an accepted prompt of the AI SDK', () => {
    expect(validatePrompt('ai-sdk', { system: 'Be brief', messages })).toEqual([]);
  });

  it.each(FORMATS)('is an accepted %s prompt in the request that the AI SDK sends', async (format) => {
    const prompt = await capturePrompt(format, { instructions: 'Be brief', messages });
    expect(JSON.stringify(prompt)).toContain('Be brief');
    expect(validatePrompt(format, prompt)).toEqual([]);
  });
});

describe('a window that starts with the result of a call', () => {
  const messages: ModelMessage[] = [
    { role: 'tool', content: [result('a')] },
    { role: 'assistant', content: '20 degrees' },
    { role: 'user', content: 'Thanks' },
  ];

  it.each([
    ['openai-chat', 'orphan-tool-result'],
    ['openai-responses', 'orphan-call-output'],
    ['anthropic', 'orphan-tool-result'],
    ['gemini', 'response-position'],
  ] as const)('is refused in the %s request that the AI SDK sends', async (format, rule) => {
    const prompt = await capturePrompt(format, { messages });
    expect(validatePrompt(format, prompt).map((violation) => violation.rule)).toContain(rule);
  });
});
