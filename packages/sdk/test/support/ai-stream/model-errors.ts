import { describe, expect, it } from '@jest/globals';
import { readSse, textOf } from '../ai-sse.js';
import { finishPart, textParts, type ModelScript } from '../ai-version.js';
import type { StreamSetup } from './setup.js';

export function describeModelErrors(setup: StreamSetup): void {
  const { streamText, storedAnswers } = setup;
  const { mockModel } = setup.version;

  describe('when the answer is incomplete', () => {
    const errors: [string, () => ModelScript, string][] = [
      [
        'the model throws before the first token',
        () => () => {
          throw new Error('secret');
        },
        '',
      ],
      [
        'the answer contains an error and finishes with the reason error',
        () => () => [
          ...textParts('Half'),
          { type: 'error', error: new Error('secret') },
          finishPart('error'),
        ],
        'Half',
      ],
      [
        'the answer contains an error and finishes with the reason stop',
        () => () => [...textParts('Half'), { type: 'error', error: new Error('secret') }, finishPart()],
        'Half',
      ],
      [
        'the stream of the model throws after a text delta',
        () => () => [...textParts('Half').slice(0, 2), { type: 'throw', error: new Error('secret') }],
        'Half',
      ],
    ];
    it.each(errors)('sends an error chunk and appends nothing if %s', async (_, script, text) => {
      const reported: unknown[] = [];
      const answer = await setup.ctx.stream(streamText(mockModel(script())), {
        onError: (error) => void reported.push(error),
      });
      const { chunks, isDone } = await readSse(answer.toResponse());
      expect(textOf(chunks)).toBe(text);
      expect(chunks).toContainEqual({ type: 'error', errorText: 'An error occurred.' });
      expect(isDone).toBe(true);
      expect(reported).toContainEqual(expect.objectContaining({ message: 'secret' }));
      expect(await answer.appended).toBeNull();
      expect(await storedAnswers()).toEqual([]);
    });

    it('sends the text that onError returns to the client', async () => {
      const model = mockModel(() => {
        throw new Error('secret');
      });
      const response = await setup.ctx
        .stream(streamText(model), { onError: () => 'Try again later' })
        .toResponse();
      expect((await readSse(response)).chunks).toContainEqual({
        type: 'error',
        errorText: 'Try again later',
      });
    });

    it('appends nothing if the provider ends the stream without a finish part', async () => {
      const answer = await setup.ctx.stream(streamText(mockModel(() => textParts('Half').slice(0, 2))));
      const { chunks } = await readSse(answer.toResponse());
      expect(textOf(chunks)).toBe('Half');
      expect(await answer.appended).toBeNull();
      expect(await storedAnswers()).toEqual([]);
    });

    it('appends nothing if the answer is empty', async () => {
      const answer = await setup.ctx.stream(streamText(mockModel(() => [finishPart()])));
      await readSse(answer.toResponse());
      expect(await answer.appended).toBeNull();
      expect(await storedAnswers()).toEqual([]);
    });

    it('appends an answer that reached its length limit', async () => {
      const model = mockModel(() => [...textParts('As far as it'), finishPart('length')]);
      await readSse(await setup.ctx.stream(streamText(model)).toResponse());
      expect(await storedAnswers()).toHaveLength(1);
    });
  });
}
