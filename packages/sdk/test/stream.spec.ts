/* eslint-disable @typescript-eslint/require-await -- fakes of asynchronous functions are asynchronous, too */
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventInput, StreamOptions } from '../src/index.js';
import { startStream, type StreamContext } from '../src/model-answer/context-stream.js';
import type { WindowMessage } from '../src/types.js';
import { readSse, textOf } from './support/ai-sse.js';
import { allOf } from './support/all-of.js';
import { ANY_PREFIX } from './support/window-prefix.js';

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
    repairs: [],
    prefix: ANY_PREFIX,
  }),
  append: async (events) => {
    appended.push(...events);
    return { version: 2, events: [{ seq: 2, version: 2, tokenEstimate: 5 }] };
  },
};
const stream = (handler: (...args: any[]) => unknown, options?: StreamOptions) =>
  startStream(context, handler, options);

beforeEach(() => void appended.splice(0));

/** Lets pending promises and streams settle. */
async function flushEventLoop(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function* textDeltas(...deltas: string[]): AsyncGenerator<string> {
  yield* deltas;
}

describe('ctx.stream with a handler that returns text', () => {
  it.each([
    ['an async iterable', () => textDeltas('One ', 'two')],
    ['a readable stream', () => new Blob(['One two']).stream().pipeThrough(new TextDecoderStream())],
    ['an object with a textStream', () => ({ textStream: textDeltas('One ', 'two') })],
  ])('responds in the protocol of useChat and appends the text of %s', async (_, handler) => {
    const answer = await stream(handler);
    const { chunks, isDone } = await readSse(answer.toResponse());
    expect(textOf(chunks)).toBe('One two');
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

  it('sends an error chunk and appends nothing if the text ends with an error', async () => {
    const answer = await stream(async function* () {
      yield 'Half';
      throw new Error('secret');
    });
    const { chunks } = await readSse(answer.toResponse());
    expect(chunks.at(-1)).toEqual({ type: 'error', errorText: 'An error occurred.' });
    expect(await answer.appended).toBeNull();
    expect(appended).toEqual([]);
  });

  it('appends nothing if there is no text', async () => {
    expect(await (await stream(() => textDeltas())).appended).toBeNull();
    expect(appended).toEqual([]);
  });

  it('reports an error to onError if the stream does not contain text', async () => {
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

  it('reads the text only as fast as the client, and stops when it disconnects, with autoAppend: false', async () => {
    let produced = 0;
    let stop!: () => void;
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    async function* endless() {
      try {
        for (;;) yield `${(produced += 1)} `;
      } finally {
        stop();
      }
    }
    const response = await stream(endless, { autoAppend: false }).toResponse();
    const reader = response.body!.getReader();
    for (let chunk = 0; chunk < 5; chunk += 1) await reader.read();
    await reader.cancel();
    await stopped; // the cancel passes through several streams first
    expect(produced).toBeLessThan(20);
  });

  it('reads and appends the whole text after the client has disconnected', async () => {
    const response = await stream(() => textDeltas(...Array(1000).fill('word '))).toResponse();
    await response.body!.cancel();
    while (appended.length === 0) await flushEventLoop();
    expect(appended).toHaveLength(1);
    expect(String(appended[0]!.parts![0]!.text)).toHaveLength(5000);
  });
});

describe('ctx.stream with invalid arguments', () => {
  it.each([
    [undefined, /Is a return missing/],
    [{ text: 'done' }, /must return the result of streamText.* not object/],
    ['done', /not string/],
    [new Response('x'), /toResponse\(\) of the stream/],
  ])('rejects the handler result %p with an explanation', async (result, message) => {
    await expect(stream(() => result).toResponse()).rejects.toThrow(message);
  });

  it.each([
    [{ onAbort: 'keep' }, 'onAbort must be one of discard, save, not "keep"'],
    [{ systemMessages: 'drop' }, 'systemMessages must be one of auto, keep, hoist, user, not "drop"'],
    [{ autoAppend: 'no' }, 'autoAppend must be one of true, false, not "no"'],
  ])('throws immediately for the options %p', (options, message) => {
    expect(() => stream(() => textDeltas('x'), options as StreamOptions)).toThrow(new TypeError(message));
  });

  it('throws if the handler is not a function', () => {
    expect(() => stream('streamText' as never)).toThrow(/takes a function/);
  });
});

describe('ctx.stream', () => {
  it('does nothing until it is awaited', async () => {
    let calls = 0;
    const unawaited = stream(() => {
      calls += 1;
      return textDeltas('x');
    });
    await flushEventLoop();
    expect(calls).toBe(0);
    await (
      await unawaited
    ).appended;
    expect(calls).toBe(1);
  });

  it('continues when a callback throws', async () => {
    const throwingCallback = () => {
      throw new Error('callback');
    };
    const brokenText = async function* () {
      yield 'Half';
      throw new Error('secret');
    };
    const { isDone } = await readSse(await stream(brokenText, { onError: throwingCallback }).toResponse());
    expect(isDone).toBe(true);

    const consoleError = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const unavailableContext = { ...context, append: () => Promise.reject(new Error('down')) };
    const answer = await startStream(unavailableContext, () => textDeltas('x'), {
      onAppendError: throwingCallback,
    });
    expect((await readSse(answer.toResponse())).isDone).toBe(true);
    await expect(answer.appended).rejects.toThrow('down');
    expect(consoleError.mock.calls).toEqual([
      [expect.stringContaining('onAppendError'), new Error('callback')],
    ]);
    consoleError.mockRestore();
  });
});
