import { describe, expect, it, jest } from '@jest/globals';
import type { StreamContext } from '../src/model-answer/context-stream.js';
import { readSse, textOf } from './support/ai-sse.js';
import { ANY_PREFIX } from './support/window-prefix.js';

jest.unstable_mockModule('ai', () => {
  throw new Error("Cannot find package 'ai'");
});
const { startStream } = await import('../src/model-answer/context-stream.js');

describe('ctx.stream without the AI SDK', () => {
  it('converts the window, and accepts text as the answer', async () => {
    const appended: unknown[] = [];
    const context: StreamContext = {
      id: 'memory',
      window: () =>
        Promise.resolve({
          messages: [
            { seq: 1, role: 'system', parts: [{ type: 'text', text: 'Be brief' }], content: 'Be brief' },
            { seq: 2, role: 'user', parts: [{ type: 'text', text: 'Weather?' }], content: 'Weather?' },
            {
              seq: 3,
              role: 'assistant',
              parts: [
                { type: 'step-start' },
                {
                  type: 'tool-lookup',
                  toolCallId: 'c',
                  state: 'output-available',
                  input: {},
                  output: 'sunny',
                },
                { type: 'step-start' },
                { type: 'text', text: 'Sunny.' },
              ],
              content: '',
            },
          ],
          usedTokens: 5,
          needsCompaction: false,
          version: 3,
          segments: [],
          budgetTokens: 1000,
          repairs: [],
          prefix: ANY_PREFIX,
        }),
      append: (events) => {
        appended.push(...events);
        return Promise.resolve({ version: 4, events: [{ seq: 4, version: 4, tokenEstimate: 5 }] });
      },
    };
    let received: unknown[] = [];
    const response = await startStream(context, (messages) => {
      received = messages;
      return new Blob(['Anything else?']).stream().pipeThrough(new TextDecoderStream());
    }).toResponse();
    expect(textOf((await readSse(response)).chunks)).toBe('Anything else?');
    expect(received).toEqual([
      { role: 'system', content: 'Be brief' },
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'lookup', input: {} }] },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'c',
            toolName: 'lookup',
            output: { type: 'text', value: 'sunny' },
          },
        ],
      },
      { role: 'assistant', content: 'Sunny.' },
      { role: 'user', content: 'Continue.' },
    ]);
    expect(appended).toHaveLength(1);
  });
});
