/** A piece of a UI message stream: https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol */
export interface Chunk {
  type: string;
  [field: string]: unknown;
}

/** What a client is told of an error unless `onError` says otherwise: messages of errors may hold what is not for everyone. */
export const MASKED_ERROR = 'An error occurred.';

interface EndingOptions {
  signal?: AbortSignal;
  /** @returns what the client is told */
  onError: (error: unknown) => string;
}

/**
 * The same chunks, at the pace they are read, in a stream that does not fail: a fault of it is an `error` chunk and the signal an
 * `abort` chunk, each the last one.
 */
export function withEnding(
  chunks: ReadableStream<Chunk>,
  { signal, onError }: EndingOptions,
): ReadableStream<Chunk> {
  const reader = chunks.getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => undefined);
  // What is there already comes first: a text that is saved has all that the model had said.
  const stopSoon = () => setTimeout(stop);
  const settle = () => signal?.removeEventListener('abort', stopSoon);
  if (signal?.aborted) stop();
  else signal?.addEventListener('abort', stopSoon, { once: true });
  let hasEnded = false;
  return new ReadableStream<Chunk>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) {
          hasEnded ||= value.type === 'abort' || value.type === 'finish';
          controller.enqueue(value);
          return;
        }
        if (signal?.aborted && !hasEnded) controller.enqueue({ type: 'abort' });
      } catch (error) {
        controller.enqueue({ type: 'error', errorText: onError(error) });
      }
      settle();
      controller.close();
    },
    async cancel(reason) {
      settle();
      await reader.cancel(reason);
    },
  });
}

/** As server-sent events, with the ending that the protocol asks for. */
export function toServerSentEvents(chunks: ReadableStream<Chunk>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const encode = (data: string) => encoder.encode(`data: ${data}\n\n`);
  return chunks.pipeThrough(
    new TransformStream<Chunk, Uint8Array>({
      transform: (chunk, controller) => controller.enqueue(encode(JSON.stringify(chunk))),
      flush: (controller) => controller.enqueue(encode('[DONE]')),
    }),
  );
}
