import { requireInteger } from '../arguments.js';

/** Where the service is and how to talk to it. Nothing here is read from the environment. */
export interface ClientOptions {
  /** With `/v1`, which is added where there is no path at all. Default `http://localhost:4000/v1`. */
  baseUrl?: string;
  /** Sent as `Authorization: Bearer …` with every request. */
  apiKey?: string;
  /** For one try, from connecting to the last byte of the answer, in milliseconds. Default 30,000. */
  timeoutMs?: number;
  /** Further tries after network faults, 429, 503 and, where that is safe, other 5xx. Default 3; 0 is none. */
  maxRetries?: number;
  /** Instead of the platform's, for a proxy or a test. */
  fetch?: typeof fetch;
  /** Sent with every request. */
  headers?: Record<string, string>;
}

const DEFAULT_BASE_URL = 'http://localhost:4000/v1';
/** The longest that a timer can wait for, in milliseconds. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Checks the options and fills in the defaults. @throws TypeError, RangeError naming the option */
export function completeOptions({
  baseUrl,
  apiKey = '',
  timeoutMs = 30_000,
  maxRetries = 3,
  fetch: givenFetch,
  headers = {},
}: ClientOptions): Required<ClientOptions> {
  requireInteger('timeoutMs', timeoutMs, 1, LONGEST_TIMEOUT_MS);
  requireInteger('maxRetries', maxRetries, 0);
  return {
    baseUrl: completeBaseUrl(baseUrl ?? DEFAULT_BASE_URL),
    // A key from a file or a variable often ends with a line break, which no header may have.
    apiKey: apiKey.trim(),
    timeoutMs,
    maxRetries,
    // Looked up at each call, so that a test can replace the platform's; called as a function: it has no `this`.
    fetch: givenFetch ?? ((...request) => fetch(...request)),
    headers,
  };
}

function completeBaseUrl(given: string): string {
  const baseUrl = given.trim().replace(/\/+$/, '');
  if (/^\/./.test(baseUrl)) return baseUrl; // in a browser, relative to the page
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    throw new TypeError(`baseUrl is not a URL: "${given}". It looks like http://localhost:4000/v1`);
  }
  if (!/^https?:$/.test(url.protocol)) {
    throw new TypeError(`baseUrl must begin with http:// or https://: "${given}"`);
  }
  return url.pathname === '/' ? `${url.origin}/v1` : baseUrl;
}
