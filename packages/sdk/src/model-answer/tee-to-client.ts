import type { Chunk } from './chunks.js';

/**
 * Reads an answer to its end at the pace of the model, whether or not the client reads it or stays connected. Chunks that the client has not
 * read yet are kept in memory: at most one answer.
 *
 * @param chunks a stream that never fails
 * @param onChunk must not throw
 * @param onEnd is awaited before the client's stream ends; must not reject
 * @returns the client's stream
 */
export function teeToClient(
  chunks: ReadableStream<Chunk>,
  onChunk: (chunk: Chunk) => void,
  onEnd: () => Promise<void>,
): ReadableStream<Chunk> {
  let isConnected = true;
  const readAll = async (client: ReadableStreamDefaultController<Chunk>): Promise<void> => {
    const reader = chunks.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      onChunk(value);
      if (isConnected) client.enqueue(value);
    }
    await onEnd();
    if (isConnected) client.close();
  };
  return new ReadableStream<Chunk>({
    start: (client) => void readAll(client),
    cancel: () => {
      isConnected = false;
    },
  });
}
