/* eslint-disable @typescript-eslint/require-await -- what stands for a model or a service is asynchronous as they are */
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventInput, StreamOptions } from '../src/index.js';
import { startStream, type StreamContext } from '../src/model-answer/context-stream.js';
import type { WindowMessage } from '../src/types.js';
import { readSse, textIn } from './support/ai-sse.js';
import { allOf } from './support/all-of.js';

const appended: EventInput[] = [];
const context: StreamContext = {
  id: 'memory',
  window: async () => ({
    messages: [
      { seq: 1, role: 'user', parts: [{ type: 'text', text: 'Hi' }], content: 'Hi' },
    ] as WindowMessage[],
    usedTokens: 5,
    needsCompaction: false,
    version: 1,
    segments: [{ type: 'live', fromSeq: 1, toSeq: 1 }],
    budgetTokens: 1000,
  }),
  append: async (event) => {
    appended.push(event);
    return { seq: 2, version: 2, tokenEstimate: 5 };
  },
};
const stream = (handler: (...given: any[]) => unknown, options?: StreamOptions) =>
  startStream(context, handler, options);

beforeEach(() => void appended.splice(0));

/** Lets everything happen that waits for nothing but promises and pipes. */
async function manyTurns(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}

describe('a stream whose handler returns text', () => {
  it.each([
    ['an async iterable', () => pieces('One ', 'two')],
    ['a readable stream', () => new Blob(['One two']).stream().pipeThrough(new TextDecoderStream())],
    ['an object with a textStream', () => ({ textStream: pieces('One ', 'two') })],
  ])('as %s, is a response for useChat, and appended', async (_, handler) => {
    const answer = await stream(handler);
    const { chunks, isDone } = await readSse(answer.toResponse());
    expect(textIn(chunks)).toBe('One two');
    expect(isDone).toBe(true);
    expect((await allOf(answer.textStream)).join('')).toBe('One two');
    expect(await answer.appended).toMatchObject({ seq: 2 });
    expect(appended).toEqual([
      {
        role: 'assistant',
        id: chunks[0].messageId,
        parts: [{ type: 'text', text: 'One two', state: 'done' }],
      },
    ]);
  });

  it('that breaks, appends nothing', async () => {
    const answer = await stream(async function* () {
      yield 'Half';
      throw new Error('secret');
    });
    const { chunks } = await readSse(answer.toResponse());
    expect(chunks.at(-1)).toEqual({ type: 'error', errorText: 'An error occurred.' });
    expect(await answer.appended).toBeNull();
    expect(appended).toEqual([]);
  });

  it('of nothing, appends nothing', async () => {
    expect(await (await stream(() => pieces())).appended).toBeNull();
    expect(appended).toEqual([]);
  });

  it('that turns out to be no text, says so', async () => {
    const errors: unknown[] = [];
    const openAiChunks = new ReadableStream<unknown>({
      start: (controller) => controller.enqueue({ choices: [{ delta: { content: 'Hi' } }] }),
    });
    const answer = await stream(() => openAiChunks, { onError: (error) => errors.push(error) });
    expect(await answer.appended).toBeNull();
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringContaining('must contain text, not object') }),
    ]);
  });

  it('is, with autoAppend: false, read at the pace of its reader and given up with it', async () => {
    let given = 0;
    let giveUp!: () => void;
    const givenUp = new Promise<void>((resolve) => (giveUp = resolve));
    async function* endless() {
      try {
        for (;;) yield `${(given += 1)} `;
      } finally {
        giveUp();
      }
    }
    const response = await stream(endless, { autoAppend: false }).toResponse();
    const reader = response.body!.getReader();
    for (let chunk = 0; chunk < 5; chunk += 1) await reader.read();
    await reader.cancel();
    await givenUp; // it gets there through pipes
    expect(given).toBeLessThan(20);
  });

  it('is, without a reader, read to its end', async () => {
    const response = await stream(() => pieces(...Array(1000).fill('word '))).toResponse();
    await response.body!.cancel();
    while (appended.length === 0) await manyTurns();
    expect(appended).toHaveLength(1);
    expect(String(appended[0]!.parts![0]!.text)).toHaveLength(5000);
  });
});

describe('a stream refuses', () => {
  it.each([
    [undefined, /Is a return missing/],
    [{ text: 'done' }, /must return the result of streamText.* not object/],
    ['done', /not string/],
    [new Response('x'), /toResponse\(\) of the stream/],
  ])('%p of a handler, and says what it takes', async (result, message) => {
    await expect(stream(() => result).toResponse()).rejects.toThrow(message);
  });

  it.each([
    [{ onAbort: 'keep' }, 'onAbort must be one of discard, save, not "keep"'],
    [{ systemMessages: 'drop' }, 'systemMessages must be one of auto, keep, hoist, user, not "drop"'],
    [{ autoAppend: 'no' }, 'autoAppend must be one of true, false, not "no"'],
  ])('the options %p at once', (options, message) => {
    expect(() => stream(() => pieces('x'), options as StreamOptions)).toThrow(new TypeError(message));
  });

  it('anything but a function', () => {
    expect(() => stream('streamText' as never)).toThrow(/takes a function/);
  });
});

describe('a stream', () => {
  it('does nothing before it is awaited or asked for a response', async () => {
    let calls = 0;
    const waiting = stream(() => {
      calls += 1;
      return pieces('x');
    });
    await manyTurns();
    expect(calls).toBe(0);
    await (
      await waiting
    ).appended;
    expect(calls).toBe(1);
  });

  it('goes on when a callback throws', async () => {
    const fails = () => {
      throw new Error('callback');
    };
    const broken = async function* () {
      yield 'Half';
      throw new Error('secret');
    };
    const { isDone } = await readSse(await stream(broken, { onError: fails }).toResponse());
    expect(isDone).toBe(true);

    const written = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const unwritable = { ...context, append: () => Promise.reject(new Error('down')) };
    const answer = await startStream(unwritable, () => pieces('x'), { onAppendError: fails });
    expect((await readSse(answer.toResponse())).isDone).toBe(true);
    await expect(answer.appended).rejects.toThrow('down');
    expect(written.mock.calls).toEqual([[expect.stringContaining('onAppendError'), new Error('callback')]]);
    written.mockRestore();
  });
});
