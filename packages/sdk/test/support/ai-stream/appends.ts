import { describe, expect, it, jest } from '@jest/globals';
import { readSse, textOf } from '../ai-sse.js';
import { textAnswer } from '../ai-version.js';
import { allOf } from '../all-of.js';
import type { StreamSetup } from './setup.js';

export function describeAppends(setup: StreamSetup): void {
  const { streamText, storedAnswers } = setup;
  const { mockModel } = setup.version;
  const isAppend = ({ method, path }: { method: string; path: string }) =>
    method === 'POST' && path.endsWith('/events');

  it('passes uiMessageStream options to the AI SDK, and stores the resulting message metadata', async () => {
    const uiMessageStream = {
      messageMetadata: ({ part }: any) => (part.type === 'finish' ? { model: 'mock' } : undefined),
    };
    const { chunks } = await readSse(
      await setup.ctx
        .stream(streamText(mockModel(textAnswer('Hi'))), { uiMessageStream, generateMessageId: () => 'mine' })
        .toResponse(),
    );
    expect(chunks[0].messageId).toBe('mine');
    expect(await storedAnswers()).toMatchObject([{ id: 'mine', metadata: { model: 'mock' } }]);
  });

  describe('with autoAppend: false', () => {
    it('provides the text and appends nothing', async () => {
      const answer = await setup.ctx.stream(streamText(mockModel(textAnswer('Not ', 'kept'))), {
        autoAppend: false,
      });
      expect((await allOf(answer.textStream)).join('')).toBe('Not kept');
      expect(await answer.appended).toBeNull();
      expect(await storedAnswers()).toEqual([]);
    });

    it('responds with the answer and appends nothing', async () => {
      const answer = await setup.ctx.stream(streamText(mockModel(textAnswer('Not ', 'kept'))), {
        autoAppend: false,
      });
      const { chunks, isDone } = await readSse(answer.toResponse());
      expect(textOf(chunks)).toBe('Not kept');
      expect(isDone).toBe(true);
      expect(await storedAnswers()).toEqual([]);
    });
  });

  describe('when the append fails', () => {
    it('sends the whole answer to the client, and reports the error to onAppendError', async () => {
      const { ctx, proxy } = setup;
      const errors: unknown[] = [];
      for (let attempt = 0; attempt < 2; attempt += 1) {
        proxy.interceptNext({ type: 'drop-request' }, isAppend);
      }
      const answer = await ctx.stream(streamText(mockModel(textAnswer('Lost'))), {
        onAppendError: (error) => void errors.push(error),
      });
      const { chunks, isDone } = await readSse(answer.toResponse());
      expect(textOf(chunks)).toBe('Lost');
      expect(chunks.at(-1).type).toBe('finish');
      expect(isDone).toBe(true);
      await expect(answer.appended).rejects.toMatchObject({ name: 'ConnectionError' });
      expect(errors).toEqual([expect.objectContaining({ name: 'ConnectionError' })]);
      expect(await storedAnswers()).toEqual([]);
    });

    it('writes the error without the answer to the console if there is no onAppendError', async () => {
      const { ctx, proxy } = setup;
      const consoleError = jest.spyOn(console, 'error').mockImplementation(() => undefined);
      for (let attempt = 0; attempt < 2; attempt += 1) {
        proxy.interceptNext({ type: 'drop-request' }, isAppend);
      }
      const response = await ctx.stream(streamText(mockModel(textAnswer('Secret')))).toResponse();
      const { isDone } = await readSse(response);
      const lines = consoleError.mock.calls.map((args) => args.map(String).join(' '));
      consoleError.mockRestore();
      expect(isDone).toBe(true);
      expect(lines).toEqual([expect.stringContaining(ctx.id)]);
      expect(lines.join()).not.toContain('Secret');
    });

    it('retries with the same idempotency key, and stores the answer once', async () => {
      const { ctx, proxy } = setup;
      proxy.interceptNext({ type: 'drop-response' }, isAppend);
      await readSse(await ctx.stream(streamText(mockModel(textAnswer('Once')))).toResponse());
      const sent = proxy.requestsTo('POST', '/events').slice(1);
      expect(sent).toHaveLength(2);
      expect(sent[0]!.body.idempotency_key).toBe(sent[1]!.body.idempotency_key);
      expect(await storedAnswers()).toHaveLength(1);
    });

    it('keeps the first of two answers with the same idempotency key', async () => {
      const { ctx } = setup;
      const options = { idempotencyKey: 'turn-1', onAppendError: () => undefined };
      await (
        await ctx.stream(streamText(mockModel(textAnswer('First'))), options)
      ).appended;
      const second = await ctx.stream(streamText(mockModel(textAnswer('Second'))), options);
      await expect(second.appended).rejects.toMatchObject({ reason: 'idempotency_conflict' });
      expect(await storedAnswers()).toMatchObject([{ parts: [{}, { text: 'First' }] }]);
    });
  });
}
