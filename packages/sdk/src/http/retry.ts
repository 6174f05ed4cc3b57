import { ConnectionError, FastpacaError } from '../errors.js';

/** The pause before the first retry, in milliseconds. Each further pause is twice as long, up to the maximum. */
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 8_000;
/** After a longer `Retry-After`, in milliseconds, the error is thrown: the caller decides whether to wait. */
const MAX_RETRY_AFTER_MS = 30_000;

/**
 * When a request may be sent again.
 *
 * - `always`: sending it twice changes nothing more, so it is retried after any error that may be temporary.
 * - `unprocessed`: only if the service has certainly not processed it.
 */
export type Retryable = 'always' | 'unprocessed';

/** Whether another attempt is safe and may help. */
export function isRetryable(error: unknown, retryable: Retryable): boolean {
  if (!(error instanceof FastpacaError)) return false;
  if ((error.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) return false;
  if (error instanceof ConnectionError) return retryable === 'always' || wasNeverSent(error.cause);
  const { status = 0 } = error;
  if (status === 429 || status === 503) return true;
  return retryable === 'always' && (status === 408 || status >= 500);
}

/** The pause after failed attempt number `attempt` (from 0), in milliseconds: exponential, and its upper half is random. */
export function pauseMs(attempt: number, error?: unknown, random: () => number = Math.random): number {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** attempt, MAX_PAUSE_MS);
  const jittered = longest * (0.5 + random() / 2);
  return error instanceof FastpacaError ? Math.max(jittered, error.retryAfterMs ?? 0) : jittered;
}

/** Resolves after `ms` milliseconds. @throws the signal's reason as soon as the signal is aborted */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      // Unchanged, as `fetch` throws it.
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

/** `Retry-After` in milliseconds, from seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function parseRetryAfter(value: string | null, now = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Error codes of Node.js and Bun for a connection that was never established. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'ConnectionRefused',
]);

function wasNeverSent(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return (typeof code === 'string' && NEVER_CONNECTED.has(code)) || wasNeverSent(cause);
}
