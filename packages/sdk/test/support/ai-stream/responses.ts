/* eslint-disable @typescript-eslint/require-await -- the handler is asynchronous on purpose */
import { describe, expect, it } from '@jest/globals';
import { readSse, textOf } from '../ai-sse.js';
import { textAnswer } from '../ai-version.js';
import { allOf } from '../all-of.js';
import type { StreamSetup } from './setup.js';

export function describeResponses(setup: StreamSetup): void {
  const { createClient, streamText, storedAnswers } = setup;
  const { mockModel, promptsOf } = setup.version;

  describe('toResponse', () => {
    it('responds in the UI message stream protocol, and ends after the answer is appended', async () => {
      const { ctx } = setup;
      const model = mockModel(textAnswer('With ', 'docker', '.'));
      const order: string[] = [];
      const append = ctx.append.bind(ctx) as any;
      ctx.append = (async (...args: unknown[]) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        const result = await append(...args);
        order.push('appended');
        return result;
      }) as any;
      const response = await ctx.stream(streamText(model)).toResponse();

      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      expect(response.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1');
      const { chunks, isDone } = await readSse(response);
      order.push('ended');
      expect(order).toEqual(['appended', 'ended']);
      expect(isDone).toBe(true);
      expect(chunks.map(({ type }) => type)).toEqual([
        'start',
        'start-step',
        'text-start',
        ...Array(3).fill('text-delta'),
        'text-end',
        'finish-step',
        'finish',
      ]);
      expect(textOf(chunks)).toBe('With docker.');
      expect(promptsOf(model)).toEqual([
        [
          expect.objectContaining({
            role: 'user',
            content: [{ type: 'text', text: 'How do I deploy this?' }],
          }),
        ],
      ]);

      const stored = await storedAnswers();
      expect(stored).toEqual([
        expect.objectContaining({
          seq: 2,
          id: expect.any(String),
          parts: [{ type: 'step-start' }, { type: 'text', text: 'With docker.', state: 'done' }],
        }),
      ]);
      expect(stored[0]!.id).toBe(chunks[0].messageId);
      expect(stored[0]!.id).not.toBe('');
    });

    it('streams and appends the answer when it is called on a builder', async () => {
      const { ctx, proxy } = setup;
      const builder = createClient({ baseUrl: proxy.url }).context(ctx.id).budget(100_000);
      const response = await builder.stream(streamText(mockModel(textAnswer('Hi')))).toResponse();
      const { chunks } = await readSse(response);
      expect(textOf(chunks)).toBe('Hi');
      expect(await storedAnswers()).toHaveLength(1);
    });

    it('accepts a status and headers', async () => {
      const response = await setup.ctx
        .stream(streamText(mockModel(textAnswer('Hi'))))
        .toResponse({ status: 201, headers: { 'access-control-allow-origin': '*' } });
      expect(response.status).toBe(201);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      await response.text();
    });

    it('rejects with the error of the window, and does not call the model', async () => {
      const model = mockModel(textAnswer('Hi'));
      const missing = createClient({ baseUrl: setup.proxy.url }).context('nobody');
      await expect(missing.stream(streamText(model)).toResponse()).rejects.toMatchObject({ status: 404 });
      expect(promptsOf(model)).toEqual([]);
    });
  });

  describe('when it is awaited', () => {
    it('returns the result, the text, the window and the position of the answer in the log', async () => {
      const answer = await setup.ctx.stream(streamText(mockModel(textAnswer('With ', 'docker.'))));
      expect(answer).not.toHaveProperty('then');
      expect((await allOf(answer.textStream)).join('')).toBe('With docker.');
      expect(await answer.result.text).toBe('With docker.');
      expect(answer.window.version).toBe(1);
      expect(await answer.appended).toMatchObject({ seq: 2, version: 2 });
      expect(textOf((await readSse(answer.toResponse())).chunks)).toBe('With docker.');
      expect(() => answer.toResponse()).toThrow(/called before/);
    });

    it('appends the answer even if nobody reads it', async () => {
      const { appended } = await setup.ctx.stream(streamText(mockModel(textAnswer('Unread'))));
      await appended;
      expect(await storedAnswers()).toMatchObject([{ parts: [{ type: 'step-start' }, { text: 'Unread' }] }]);
    });

    it('returns the same answer for every await, and calls the model once', async () => {
      const model = mockModel(textAnswer('Once'));
      const stream = setup.ctx.stream(streamText(model));
      expect(await stream).toBe(await stream);
      expect((await readSse(await stream.toResponse())).isDone).toBe(true);
      expect(promptsOf(model)).toHaveLength(1);
    });
  });

  describe('with a handler', () => {
    it.each([
      ['a synchronous', (model: any) => streamText(model)],
      ['an asynchronous', (model: any) => async (messages: any[]) => streamText(model)(messages)],
    ])('streams the answer from %s function', async (_, handler) => {
      const response = await setup.ctx.stream(handler(mockModel(textAnswer('Hi')))).toResponse();
      const { chunks } = await readSse(response);
      expect(textOf(chunks)).toBe('Hi');
    });

    it.each([
      [
        'a synchronous',
        () => {
          throw new Error('no model');
        },
      ],
      ['an asynchronous', () => Promise.reject(new Error('no model'))],
    ])('rejects with the error of %s function, and appends nothing', async (_, handler) => {
      await expect(setup.ctx.stream(handler).toResponse()).rejects.toThrow('no model');
      await expect(Promise.resolve(setup.ctx.stream(handler))).rejects.toThrow('no model');
      expect(await storedAnswers()).toEqual([]);
    });
  });
}
