import { ConnectionError, FastpacaError } from '../errors.js';

/** First pause before a retry, and the longest, in milliseconds; each is twice the one before it. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;
/** A longer `Retry-After` is the caller's to wait for, in milliseconds. */
const LONGEST_RETRY_AFTER_MS = 30_000;

/**
 * `always`: repeating it changes nothing, so any fault on the way may be answered by another try. `unprocessed`: only if the
 * service has surely not carried it out.
 */
export type Repeatable = 'always' | 'unprocessed';

/** Whether another try is safe and may help. */
export function isRetryable(error: unknown, repeatable: Repeatable): boolean {
  if (!(error instanceof FastpacaError)) return false;
  if ((error.retryAfterMs ?? 0) > LONGEST_RETRY_AFTER_MS) return false;
  if (error instanceof ConnectionError) return repeatable === 'always' || neverSent(error.cause);
  const { status = 0 } = error;
  if (status === 429 || status === 503) return true;
  return repeatable === 'always' && (status === 408 || status >= 500);
}

/** The pause before try `attempt` + 1, in milliseconds: exponential, of which the upper half is random. */
export function pauseMs(attempt: number, error?: unknown, random: () => number = Math.random): number {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  const jittered = full * (0.5 + random() / 2);
  return error instanceof FastpacaError ? Math.max(jittered, error.retryAfterMs ?? 0) : jittered;
}

/** Resolves after `ms` milliseconds. @throws the signal's reason, as soon as it is aborted */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      // What a caller aborts with is the caller's: `fetch` throws it as it is, too.
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** `Retry-After` in milliseconds, from seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function parseRetryAfter(value: string | null, now = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** What Node and Bun call a connection that was never made. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'ConnectionRefused',
]);

function neverSent(fault: unknown): boolean {
  if (typeof fault !== 'object' || fault === null) return false;
  const { code, cause } = fault as { code?: unknown; cause?: unknown };
  return (typeof code === 'string' && NEVER_SENT.has(code)) || neverSent(cause);
}
