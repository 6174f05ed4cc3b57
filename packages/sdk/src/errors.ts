/** What is known about a failed call; each field is there only if it applies. */
export interface ErrorDetails {
  status?: number;
  code?: string;
  reason?: string;
  requestId?: string;
  expected?: number;
  actual?: number;
  details?: { path: string; message: string }[];
  retryAfterMs?: number;
  cause?: unknown;
}

/** Any failure that comes from the service or from the way to it. Its subclasses are what a caller can act on. */
export class FastpacaError extends Error {
  /** HTTP status of the answer; undefined if there was none. */
  readonly status?: number;
  /** The service's name of the error, such as `conflict`; never renamed. Of a connection, `connection_failed` or `timeout`. */
  readonly code: string;
  /** Which of the cases of `code`, such as `version_mismatch`; never renamed. */
  readonly reason?: string;
  /** Names the request in the service's log. */
  readonly requestId?: string;
  /** Of `version_mismatch`: the version the caller believed current. */
  readonly expected?: number;
  /** Of `version_mismatch`: the version the conversation is at. */
  readonly actual?: number;
  /** Of a 400: every fault that was found. */
  readonly details?: { path: string; message: string }[];
  /** How long the service asks to wait before the next try, in milliseconds. */
  readonly retryAfterMs?: number;

  constructor(message: string, { cause, code = 'unexpected_answer', ...known }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    Object.assign(this, known);
  }
}

/** 400: the request is wrong; `details` says where. */
export class InvalidRequestError extends FastpacaError {}
/** 401: no API key, or a wrong one. */
export class UnauthorizedError extends FastpacaError {}
/** 403: the API key may not do this. */
export class ForbiddenError extends FastpacaError {}
/** 404: there is no such conversation, or the base URL is not that of a service. */
export class NotFoundError extends FastpacaError {}
/** 409: `reason` is `version_mismatch` (with `expected` and `actual`), `tombstoned` or `idempotency_conflict`. */
export class ConflictError extends FastpacaError {}
/** 413: the request is larger than the service takes. */
export class PayloadTooLargeError extends FastpacaError {}
/** 429, still after the retries. */
export class RateLimitError extends FastpacaError {}
/** 5xx, still after the retries where those are safe. */
export class ServerError extends FastpacaError {}
/** 503: the service is starting, stopping, overloaded or without its database. */
export class UnavailableError extends ServerError {}
/** No answer: the service cannot be reached, or the connection broke. `cause` is the platform's own error. */
export class ConnectionError extends FastpacaError {}
/** No complete answer within `timeoutMs`. */
export class TimeoutError extends ConnectionError {}

const CLASSES: Partial<Record<number, typeof FastpacaError>> = {
  400: InvalidRequestError,
  401: UnauthorizedError,
  403: ForbiddenError,
  404: NotFoundError,
  409: ConflictError,
  413: PayloadTooLargeError,
  429: RateLimitError,
  503: UnavailableError,
};

/** The class for an HTTP status of 400 or above. */
export function errorClass(status: number): typeof FastpacaError {
  return CLASSES[status] ?? (status >= 500 ? ServerError : FastpacaError);
}
