import { answerError, readAnswer } from './responses.js';
import type { ClientOptions } from '../client/client-options.js';
import { ConnectionError, FastpacaError, TimeoutError } from '../errors.js';
import { isRetryable, pause, pauseMs, type Repeatable } from './retry.js';

export interface HttpRequest {
  method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the base URL, percent-encoded, with a slash in front. */
  path: string;
  /** Undefined values are left out. */
  query?: Record<string, string | number | boolean | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Whether a request that may have been carried out may be sent again. */
  repeatable: Repeatable;
  signal?: AbortSignal;
}

/** Talks HTTP to one service: keys, time limits, retries, errors. */
export class Http {
  constructor(readonly options: Required<ClientOptions>) {}

  /**
   * Sends a request, again if that is safe and may help, and reads the JSON of its answer.
   *
   * @throws FastpacaError (a subclass per status), ConnectionError, TimeoutError; the signal's reason if it is aborted
   */
  async request(request: HttpRequest): Promise<unknown> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.attempt(request, readAnswer);
      } catch (error) {
        if (attempt >= this.options.maxRetries || !isRetryable(error, request.repeatable)) throw error;
        await pause(pauseMs(attempt, error), request.signal);
      }
    }
  }

  /**
   * One try, without a time limit once the answer has begun, whose body is the caller's to read. The signal ends it.
   *
   * @throws as `request`
   */
  open(request: HttpRequest): Promise<Response> {
    return this.attempt(
      request,
      async (response) => {
        if (!response.ok) throw answerError(response, await response.text());
        return response;
      },
      true,
    );
  }

  /** Sends once; `timeoutMs` is for everything until `read` is done. @param lasting the signal ends what comes after, too */
  private async attempt<Result>(
    request: HttpRequest,
    read: (response: Response) => Promise<Result>,
    lasting = false,
  ): Promise<Result> {
    const { signal } = request;
    signal?.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      controller.abort();
    }, this.options.timeoutMs);
    try {
      return await read(await this.send(request, controller.signal));
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (cause instanceof FastpacaError) throw cause;
      throw this.unreachable(request, cause, timedOut);
    } finally {
      clearTimeout(timer);
      if (!lasting) signal?.removeEventListener('abort', abort);
    }
  }

  private send({ method, path, query, body, headers }: HttpRequest, signal: AbortSignal): Promise<Response> {
    const { baseUrl, apiKey, fetch, headers: always } = this.options;
    const search = Object.entries(query ?? {})
      .flatMap(([name, value]) => (value === undefined ? [] : `${name}=${encodeURIComponent(value)}`))
      .join('&');
    return fetch(`${baseUrl}${path}${search && `?${search}`}`, {
      method,
      signal,
      headers: {
        accept: 'application/json',
        ...always,
        ...(apiKey && { authorization: `Bearer ${apiKey}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  private unreachable({ method, path }: HttpRequest, cause: unknown, timedOut: boolean): ConnectionError {
    const { baseUrl, timeoutMs } = this.options;
    const what = `${method} ${baseUrl}${path}`;
    if (timedOut) {
      return new TimeoutError(`${what}: no answer within ${timeoutMs} ms`, { code: 'timeout', cause });
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    return new ConnectionError(`${what}: ${why}. Is the service running there?`, {
      code: 'connection_failed',
      cause,
    });
  }
}
