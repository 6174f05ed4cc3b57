/** A chunk of a UI message stream: https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol */
export interface Chunk {
  type: string;
  [field: string]: unknown;
}

/** Sent to the client instead of an error's own message, which may contain secrets, unless `onError` returns a text. */
export const MASKED_ERROR = 'An error occurred.';

/** The text that is sent to the client for an error. A callback that throws must not end the answer. */
export function clientErrorText(onError?: (error: unknown) => unknown): (error: unknown) => string {
  return (error) => {
    try {
      const text = onError?.(error);
      return typeof text === 'string' ? text : MASKED_ERROR;
    } catch {
      return MASKED_ERROR;
    }
  };
}

interface EndingOptions {
  signal?: AbortSignal;
  /** @returns the text that is sent to the client */
  onError: (error: unknown) => string;
}

/**
 * Passes the chunks on, at the pace at which they are read, in a stream that never fails: an error becomes a last `error` chunk, and an
 * abort of the signal a last `abort` chunk.
 */
export function withEnding(
  chunks: ReadableStream<Chunk>,
  { signal, onError }: EndingOptions,
): ReadableStream<Chunk> {
  const reader = chunks.getReader();
  const cancel = () => void reader.cancel(signal?.reason).catch(() => undefined);
  // Deferred, so that chunks that are already available are read: `onAbort: 'save'` then stores all of the text so far.
  const cancelLater = () => setTimeout(cancel);
  const removeListener = () => signal?.removeEventListener('abort', cancelLater);
  if (signal?.aborted) cancel();
  else signal?.addEventListener('abort', cancelLater, { once: true });
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
      removeListener();
      controller.close();
    },
    async cancel(reason) {
      removeListener();
      await reader.cancel(reason);
    },
  });
}

/** Encodes the chunks as server-sent events, ending with `[DONE]` as the protocol requires. */
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
