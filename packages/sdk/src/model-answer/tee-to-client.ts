import type { Chunk } from './chunks.js';

/**
 * Reads an answer to its end at the pace of the model, whether or not the client reads, or has gone. What the client has
 * not read yet is held, which is one answer at most.
 *
 * @param chunks a stream that does not fail
 * @param onChunk must not throw
 * @param onEnd is awaited before the client's stream ends; it must not throw
 * @returns the client's stream
 */
export function relay(
  chunks: ReadableStream<Chunk>,
  onChunk: (chunk: Chunk) => void,
  onEnd: () => Promise<void>,
): ReadableStream<Chunk> {
  let hasClient = true;
  const drain = async (client: ReadableStreamDefaultController<Chunk>): Promise<void> => {
    const reader = chunks.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      onChunk(value);
      if (hasClient) client.enqueue(value);
    }
    await onEnd();
    if (hasClient) client.close();
  };
  return new ReadableStream<Chunk>({
    start: (client) => void drain(client),
    cancel: () => {
      hasClient = false;
    },
  });
}
