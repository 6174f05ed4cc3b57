/**
 * The files of a package `@ai-sdk/openai` whose model answers without a network, in two deltas: how many messages it was given, and
 * who wrote the last one. It has the types and the mock model of the AI SDK that is installed as `ai`.
 */
export const FAKE_OPENAI = {
  'package.json': JSON.stringify({
    type: 'module',
    exports: { types: './index.d.ts', default: './index.js' },
  }),
  'index.d.ts': `import type { LanguageModel } from 'ai';
export declare function openai(id: string): LanguageModel;
`,
  'index.js': `import * as mocks from 'ai/test';
const isOld = !mocks.MockLanguageModelV3;
const Mock = mocks.MockLanguageModelV4 ?? mocks.MockLanguageModelV3 ?? mocks.MockLanguageModelV2;
export const openai = () => new Mock({
  doStream: async ({ prompt }) => ({ stream: ReadableStream.from([
    { type: 'stream-start', warnings: [] },
    { type: 'text-start', id: 't' },
    { type: 'text-delta', id: 't', delta: prompt.length + ' messages, ' },
    { type: 'text-delta', id: 't', delta: 'the last of the ' + prompt.at(-1).role },
    { type: 'text-end', id: 't' },
    {
      type: 'finish',
      finishReason: isOld ? 'stop' : { unified: 'stop', raw: 'stop' },
      usage: isOld ? { inputTokens: 1, outputTokens: 1, totalTokens: 2 } : { inputTokens: { total: 1 }, outputTokens: { total: 1 } },
    },
  ]) }),
});
`,
};
