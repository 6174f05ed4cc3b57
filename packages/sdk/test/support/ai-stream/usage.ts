import { describe, expect, it } from '@jest/globals';
import { readSse } from '../ai-sse.js';
import { finishPart, textParts, toolCallAnswer, type ModelScript } from '../ai-version.js';
import type { StreamSetup } from './setup.js';

const FIRST_STEP = { uncached: 100, cacheRead: 2000, cacheWrite: 30 };
const SECOND_STEP = { uncached: 5000, cacheRead: 0, cacheWrite: 0 };

export function describeUsage(setup: StreamSetup): void {
  const { streamText, storedAnswers } = setup;
  const { ai, mockModel } = setup.version;

  /** The usage that was sent with each append of the conversation, after the first event. */
  const reported = () =>
    setup.proxy.requests
      .filter(({ method, path }) => method === 'POST' && path.endsWith('/events'))
      .slice(1)
      .map(({ body }) => body.usage);
  const answered =
    (...text: string[]): ModelScript =>
    () => [
      { type: 'response-metadata', id: 'r', modelId: 'claude-opus-5-20260301' },
      ...textParts(...text),
      finishPart('stop', FIRST_STEP),
    ];

  describe('reports the usage of the provider with the answer', () => {
    it('as all input tokens of the window, whether cached or not', async () => {
      const answer = await setup.ctx.stream(streamText(mockModel(answered('Hi'))));
      await answer.appended;
      expect(answer.window.version).toBe(1);
      expect(reported()).toEqual([
        { model: 'claude-opus-5-20260301', window_version: 1, input_tokens: 2130 },
      ]);
    });

    it('of the first step alone', async () => {
      const tools = { search: ai.tool({ inputSchema: ai.jsonSchema({}), execute: () => 'found' }) };
      const model = mockModel(toolCallAnswer('search', {}, 'call-1', FIRST_STEP), () => [
        ...textParts('Found.'),
        finishPart('stop', SECOND_STEP),
      ]);
      const callModel = streamText(model, { tools, stopWhen: ai.stepCountIs(3) });
      await readSse(await setup.ctx.stream(callModel).toResponse());
      expect(model.doStreamCalls).toHaveLength(2);
      expect(reported()).toMatchObject([{ window_version: 1, input_tokens: 2130 }]);
    });

    it('also of an answer that breaks off after its first step', async () => {
      const tools = { search: ai.tool({ inputSchema: ai.jsonSchema({}), execute: () => 'found' }) };
      const model = mockModel(toolCallAnswer('search', {}, 'call-1', FIRST_STEP), () => [
        { type: 'throw', error: new Error('broken') },
      ]);
      const callModel = streamText(model, { tools, stopWhen: ai.stepCountIs(3) });
      await readSse(await setup.ctx.stream(callModel).toResponse());
      expect(await storedAnswers()).toMatchObject([{ metadata: { failed: true } }]);
      expect(reported()).toMatchObject([{ input_tokens: 2130 }]);
    });

    it('beside the metadata of the message', async () => {
      const uiMessageStream = {
        messageMetadata: ({ part }: any) => (part.type === 'finish' ? { rating: 5 } : undefined),
      };
      await (
        await setup.ctx.stream(streamText(mockModel(answered('Hi'))), { uiMessageStream })
      ).appended;
      expect(await storedAnswers()).toMatchObject([{ metadata: { rating: 5 } }]);
      expect(reported()).toMatchObject([{ input_tokens: 2130 }]);
    });

    it('unless the provider counts nothing, or reportUsage is false', async () => {
      const none = { uncached: 0, cacheRead: 0, cacheWrite: 0 };
      const uncounted: ModelScript = () => [...textParts('Hi'), finishPart('stop', none)];
      await (
        await setup.ctx.stream(streamText(mockModel(uncounted)))
      ).appended;
      await (
        await setup.ctx.stream(streamText(mockModel(answered('Hi'))), { reportUsage: false })
      ).appended;
      await (
        await setup.ctx.stream(() => new Blob(['Hi']).stream().pipeThrough(new TextDecoderStream()))
      ).appended;
      expect(reported()).toEqual([undefined, undefined, undefined]);
    });
  });
}
