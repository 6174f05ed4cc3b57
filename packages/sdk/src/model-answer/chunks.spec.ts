import { describe, expect, it } from '@jest/globals';
import { withEnding, type Chunk } from './chunks.js';

const onError = () => 'masked';

/** Reads chunks from a stream that stays open, and aborts after the first chunk. @returns the types of all chunks */
async function readAndAbort(abort: AbortController, ...sourceTypes: string[]): Promise<string[]> {
  const open = new ReadableStream<Chunk>({
    start: (controller) => sourceTypes.forEach((type) => controller.enqueue({ type })),
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

describe('withEnding', () => {
  it('ends with an abort chunk when the signal is aborted', async () => {
    expect((await readAndAbort(new AbortController(), 'start')).at(-1)).toBe('abort');
  });

  it('sends all available chunks before the abort chunk', async () => {
    expect(await readAndAbort(new AbortController(), 'start', 'text-start', 'text-delta')).toEqual([
      'start',
      'text-start',
      'text-delta',
      'abort',
    ]);
  });

  it.each(['finish', 'abort'])('adds no abort chunk after a %s chunk', async (type) => {
    expect(await readAndAbort(new AbortController(), type)).toEqual([type]);
  });

  it('sends only an abort chunk when the signal is aborted before the first chunk', async () => {
    const abort = new AbortController();
    abort.abort();
    expect(await readAndAbort(abort, 'start')).toEqual(['abort']);
  });

  it('ends with an error chunk that contains only the text from onError', async () => {
    const broken = new ReadableStream<Chunk>({
      start: (controller) => controller.error(new Error('secret')),
    });
    const reader = withEnding(broken, { onError }).getReader();
    expect(await reader.read()).toEqual({ done: false, value: { type: 'error', errorText: 'masked' } });
    expect((await reader.read()).done).toBe(true);
  });
});
