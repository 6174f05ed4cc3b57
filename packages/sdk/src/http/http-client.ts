import type { CompleteOptions } from './client-options.js';
import { ConnectionError, FastpacaError, TimeoutError } from '../errors.js';
import { linkAbort } from './link-abort.js';
import { readJson, responseError } from './responses.js';
import { isRetryable, pause, pauseMs, type Retryable } from './retry.js';

export interface HttpRequest {
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Appended to the base URL. Percent-encoded, starts with a slash. */
  path: string;
  /** Undefined values are left out. */
  query?: Record<string, string | number | boolean | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string> | undefined;
  /** When the request may be sent again. */
  retryable: Retryable;
  signal?: AbortSignal | undefined;
}

/** Characters of a body that exceeds the default limit of common proxies. */
const LARGE_BODY_LENGTH = 1_000_000;

/** Sends requests to one service: adds the key, limits the time, retries, and throws errors. */
export class HttpClient {
  constructor(readonly options: CompleteOptions) {}

  /**
   * Sends a request and reads the JSON of its response. Retries if that is safe and may help.
   *
   * @throws FastpacaError (a subclass per status), ConnectionError, TimeoutError; the signal's reason if it is aborted
   */
  async request(request: HttpRequest): Promise<unknown> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.attempt(request, readJson);
      } catch (error) {
        if (attempt >= this.options.maxRetries || !isRetryable(error, request.retryable)) throw error;
        await pause(pauseMs(attempt, error), request.signal);
      }
    }
  }

  /**
   * Sends a request once and returns the response with an unread body. The time limit ends with the headers of the response; the
   * signal ends the body, too.
   *
   * @throws as `request`
   */
  open(request: HttpRequest): Promise<Response> {
    return this.attempt(
      request,
      async (response) => {
        if (!response.ok) throw responseError(response, await response.text());
        return response;
      },
      true,
    );
  }

  /**
   * Sends a request once.
   *
   * @param read reads the response; `timeoutMs` covers everything until it resolves
   * @param isBodyReadLater the signal can still end the body after this method has resolved
   */
  private async attempt<Result>(
    request: HttpRequest,
    read: (response: Response) => Promise<Result>,
    isBodyReadLater = false,
  ): Promise<Result> {
    const { signal } = request;
    signal?.throwIfAborted();
    const controller = new AbortController();
    const unlink = linkAbort(signal, controller);
    let hasTimedOut = false;
    const timer = setTimeout(() => {
      hasTimedOut = true;
      controller.abort();
    }, this.options.timeoutMs);
    try {
      return await read(await this.send(request, controller.signal));
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (cause instanceof FastpacaError) throw cause;
      throw this.noResponseError(request, cause, hasTimedOut);
    } finally {
      clearTimeout(timer);
      if (!isBodyReadLater) unlink();
    }
  }

  private send({ method, path, query, body, headers }: HttpRequest, signal: AbortSignal): Promise<Response> {
    const { baseUrl, apiKey, fetch, headers: defaultHeaders } = this.options;
    const search = Object.entries(query ?? {})
      .flatMap(([name, value]) => (value === undefined ? [] : `${name}=${encodeURIComponent(value)}`))
      .join('&');
    return fetch(`${baseUrl}${path}${search && `?${search}`}`, {
      method,
      signal,
      headers: {
        accept: 'application/json',
        ...defaultHeaders,
        ...(apiKey && { authorization: `Bearer ${apiKey}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  private noResponseError(
    { method, path, body }: HttpRequest,
    cause: unknown,
    hasTimedOut: boolean,
  ): ConnectionError {
    const { baseUrl, timeoutMs } = this.options;
    const target = `${method} ${baseUrl}${path}`;
    if (hasTimedOut) {
      return new TimeoutError(`${target}: no complete response within ${timeoutMs} ms`, {
        code: 'timeout',
        cause,
      });
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new ConnectionError(`${target}: ${reason}. ${possibleCause(body)}`, {
      code: 'connection_failed',
      cause,
    });
  }
}

/** A proxy may close the connection while a large body is still being sent; its response is then lost. */
function possibleCause(body: unknown): string {
  const length = body === undefined ? 0 : JSON.stringify(body).length;
  return length > LARGE_BODY_LENGTH
    ? `The body has ${length} characters: does it exceed the limit of a proxy?`
    : 'Is the service running there?';
}
