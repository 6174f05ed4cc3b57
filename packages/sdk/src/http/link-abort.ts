/**
 * Aborts the controller when the signal is aborted, with the same reason.
 *
 * @returns ends the link; otherwise a signal that outlives many requests keeps a listener for each of them
 */
export function linkAbort(signal: AbortSignal | undefined, controller: AbortController): () => void {
  const abort = () => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  return () => signal?.removeEventListener('abort', abort);
}
