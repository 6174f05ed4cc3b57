import { describe, expect, it } from '@jest/globals';
import { readSse } from '../ai-sse.js';
import { finishPart, textAnswer, textParts, type ModelScript } from '../ai-version.js';
import type { StreamSetup } from './setup.js';

/** Sends a text delta and then waits for the abort, as a model does that is aborted. */
const waitsForAbort: ModelScript = async function* ({ abortSignal }) {
  yield* textParts('So far').slice(0, 2);
  await new Promise((_, reject) => {
    const stop = () => reject(abortSignal!.reason as Error);
    if (abortSignal?.aborted) stop();
    else abortSignal?.addEventListener('abort', stop);
  });
};

export function describeAborts(setup: StreamSetup): void {
  const { streamText, storedAnswers } = setup;
  const { mockModel, promptsOf } = setup.version;

  describe('when the answer is aborted', () => {
    const waitForText = async (stream: AsyncIterable<string>) => {
      for await (const _ of stream) return;
    };
    const signals: [string, (signal: AbortSignal) => [modelOptions: object, streamOptions: object]][] = [
      ['the signal of the model', (signal) => [{ abortSignal: signal }, {}]],
      ['the signal of the stream', (signal) => [{}, { signal }]],
      ['one signal for model and stream', (signal) => [{ abortSignal: signal }, { signal }]],
    ];
    it.each(signals)('appends nothing: %s', async (_, optionsWith) => {
      const controller = new AbortController();
      const [modelOptions, streamOptions] = optionsWith(controller.signal);
      const answer = await setup.ctx.stream(
        streamText(mockModel(waitsForAbort), modelOptions),
        streamOptions,
      );
      await waitForText(answer.textStream);
      controller.abort();
      const { chunks, isDone } = await readSse(answer.toResponse());
      expect(chunks.filter(({ type }) => type === 'abort')).toHaveLength(1);
      expect(isDone).toBe(true);
      expect(await answer.appended).toBeNull();
      expect(await storedAnswers()).toEqual([]);
    });

    it.each(signals)(
      'appends the text so far, marked as aborted, with onAbort: save: %s',
      async (_, optionsWith) => {
        const controller = new AbortController();
        const [modelOptions, streamOptions] = optionsWith(controller.signal);
        const answer = await setup.ctx.stream(streamText(mockModel(waitsForAbort), modelOptions), {
          onAbort: 'save',
          ...streamOptions,
        });
        await waitForText(answer.textStream);
        controller.abort();
        expect(await answer.appended).toMatchObject({ seq: 2 });
        expect(await storedAnswers()).toMatchObject([
          {
            parts: [{ type: 'step-start' }, { type: 'text', text: 'So far', state: 'done' }],
            metadata: { aborted: true },
          },
        ]);
      },
    );

    it('does not call the model if the signal is aborted before the stream begins', async () => {
      const model = mockModel(waitsForAbort);
      const stream = setup.ctx.stream(streamText(model), { signal: AbortSignal.abort(new Error('gone')) });
      await expect(stream.toResponse()).rejects.toThrow('gone');
      expect(promptsOf(model)).toEqual([]);
    });
  });

  describe('when the client disconnects', () => {
    it('appends the whole answer after the client has read two chunks', async () => {
      let resume!: () => void;
      const disconnected = new Promise<void>((resolve) => (resume = resolve));
      const slowAnswer: ModelScript = async function* () {
        yield* textParts('One ').slice(0, 2);
        await disconnected;
        yield* textParts('two ', 'three').slice(1);
        yield finishPart();
      };
      const answer = await setup.ctx.stream(streamText(mockModel(slowAnswer)));
      const reader = answer.toResponse().body!.getReader();
      await reader.read();
      await reader.read();
      await reader.cancel();
      resume();
      expect(await answer.appended).toMatchObject({ seq: 2 });
      expect(await storedAnswers()).toMatchObject([
        { parts: [{ type: 'step-start' }, { text: 'One two three' }] },
      ]);
    });

    it('appends the whole answer when the client has read nothing', async () => {
      const answer = await setup.ctx.stream(streamText(mockModel(textAnswer('All ', 'of it'))));
      await answer.toResponse().body!.cancel();
      await answer.appended;
      expect(await storedAnswers()).toMatchObject([
        { parts: [{ type: 'step-start' }, { text: 'All of it' }] },
      ]);
    });
  });
}
