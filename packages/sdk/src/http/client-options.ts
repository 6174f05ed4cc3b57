import { MAX_TIMER_MS, requireInteger } from '../arguments.js';

/** The address of the service, and how to call it. Nothing here is read from the environment. */
export interface ClientOptions {
  /** Includes `/v1`, which is added to a URL without a path. Default `http://localhost:4000/v1`. */
  baseUrl?: string | undefined;
  /** Sent as `Authorization: Bearer …` with every request. */
  apiKey?: string | undefined;
  /** Time limit of one attempt, from connecting to the last byte of the response, in milliseconds. Default 30,000. */
  timeoutMs?: number | undefined;
  /** Retries after network errors, 429, 503 and, where a retry is safe, other 5xx. Default 3; 0 disables retries. */
  maxRetries?: number | undefined;
  /** Replaces the platform's `fetch`, for a proxy or a test. */
  fetch?: typeof fetch | undefined;
  /** Sent with every request. */
  headers?: Record<string, string> | undefined;
}

const DEFAULT_BASE_URL = 'http://localhost:4000/v1';

/** All options, with their defaults. */
export type CompleteOptions = { [Name in keyof ClientOptions]-?: NonNullable<ClientOptions[Name]> };

/** Checks the options and fills in the defaults. @throws TypeError, RangeError naming the option */
export function completeOptions({
  baseUrl,
  apiKey = '',
  timeoutMs = 30_000,
  maxRetries = 3,
  fetch: customFetch,
  headers = {},
}: ClientOptions): CompleteOptions {
  requireInteger('timeoutMs', timeoutMs, 1, MAX_TIMER_MS);
  requireInteger('maxRetries', maxRetries, 0);
  return {
    baseUrl: completeBaseUrl(baseUrl ?? DEFAULT_BASE_URL),
    // A key from a file or a variable often ends with a line break, which is invalid in a header.
    apiKey: apiKey.trim(),
    timeoutMs,
    maxRetries,
    // Looked up at each call, so that a test can replace it; called as a function, because it must not have a `this`.
    fetch: customFetch ?? ((...request) => fetch(...request)),
    headers,
  };
}

function completeBaseUrl(given: string): string {
  const baseUrl = given.trim().replace(/\/+$/, '');
  if (/^\/./.test(baseUrl)) return baseUrl; // relative to the page in a browser
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    throw new TypeError(`baseUrl is not a URL: "${given}". An example is http://localhost:4000/v1`);
  }
  if (!/^https?:$/.test(url.protocol)) {
    throw new TypeError(`baseUrl must begin with http:// or https://: "${given}"`);
  }
  return url.pathname === '/' ? `${url.origin}/v1` : baseUrl;
}
