import { expect, it } from '@jest/globals';
import { withEnding, type Chunk } from './chunks.js';

const onError = () => 'masked';

/** Reads chunks of a stream that stays open, and aborts after the first. */
async function typesAround(abort: AbortController, ...given: string[]): Promise<string[]> {
  const open = new ReadableStream<Chunk>({
    start: (controller) => given.forEach((type) => controller.enqueue({ type })),
  });
  const reader = withEnding(open, { signal: abort.signal, onError }).getReader();
  const types: string[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return types;
    types.push(value.type);
    abort.abort();
  }
}

it('an abort is the last chunk', async () => {
  expect((await typesAround(new AbortController(), 'start')).at(-1)).toBe('abort');
});

it('an abort comes after all that was there', async () => {
  expect(await typesAround(new AbortController(), 'start', 'text-start', 'text-delta')).toEqual([
    'start',
    'text-start',
    'text-delta',
    'abort',
  ]);
});

it.each(['finish', 'abort'])('an abort after a %s is none', async (type) => {
  expect(await typesAround(new AbortController(), type)).toEqual([type]);
});

it('a signal that is aborted already ends it', async () => {
  const abort = new AbortController();
  abort.abort();
  expect(await typesAround(abort, 'start')).toEqual(['abort']);
});

it('ends the chunks with an error that shows only the text of onError', async () => {
  const broken = new ReadableStream<Chunk>({
    start: (controller) => controller.error(new Error('secret')),
  });
  const reader = withEnding(broken, { onError }).getReader();
  expect(await reader.read()).toEqual({ done: false, value: { type: 'error', errorText: 'masked' } });
  expect((await reader.read()).done).toBe(true);
});
