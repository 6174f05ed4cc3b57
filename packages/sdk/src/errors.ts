/** What is known about a failed call. A field is present only if it applies. */
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

/** An error response of the service, or a failure to reach it. Each subclass is something that a caller can act on. */
export class FastpacaError extends Error {
  /** HTTP status of the response; undefined if no response was received. */
  readonly status?: number;
  /** The service's `error`, such as `conflict`; `connection_failed` or `timeout` if there was no response; `window_overflow`. Codes are never renamed. */
  readonly code: string;
  /** Distinguishes the cases of `code`, such as `version_mismatch`. Reasons are never renamed. */
  readonly reason?: string;
  /** Identifies the request in the service's log. */
  readonly requestId?: string;
  /** For `version_mismatch`: the version that the caller expected. */
  readonly expected?: number;
  /** For `version_mismatch`: the current version of the conversation. */
  readonly actual?: number;
  /** For a 400: every violation. */
  readonly details?: { path: string; message: string }[];
  /** How long to wait before the next attempt, in milliseconds, as requested by the service. */
  readonly retryAfterMs?: number;

  constructor(message: string, { cause, code = 'unexpected_answer', ...others }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    Object.assign(this, others);
  }
}

/** 400: the request is invalid; `details` says where. */
export class InvalidRequestError extends FastpacaError {}
/** 401: the API key is missing or wrong. */
export class UnauthorizedError extends FastpacaError {}
/** 403: the API key lacks the scope. */
export class ForbiddenError extends FastpacaError {}
/** 404: the conversation does not exist, or the base URL is not that of a service. */
export class NotFoundError extends FastpacaError {}
/**
 * 409: `reason` is `version_mismatch` (with `expected` and `actual`), `tombstoned`, `idempotency_conflict`, `compaction_replaced` or
 * `compaction_undone`.
 */
export class ConflictError extends FastpacaError {}
/** 410: the conversation was erased. Its id cannot be used again. */
export class GoneError extends FastpacaError {}
/** 413: the request body exceeds the limit of the service. */
export class PayloadTooLargeError extends FastpacaError {}
/** 429, after all retries. */
export class RateLimitError extends FastpacaError {}
/** 5xx, after all retries where these are safe. */
export class ServerError extends FastpacaError {}
/** 503: the service is starting, stopping or overloaded, or cannot reach its database. */
export class UnavailableError extends ServerError {}
/** No response: the service cannot be reached, or the connection broke. `cause` is the error of the platform. */
export class ConnectionError extends FastpacaError {}
/** No complete response within `timeoutMs`. */
export class TimeoutError extends ConnectionError {}

/**
 * The newest messages exceed the token budget, so the window is without them: a model would not see what it has to answer. Or the
 * pinned messages exceed it. Raise the budget, or append less at once.
 */
export class WindowOverflowError extends FastpacaError {
  /** Seq of the last of the newest events; of pinned events, the first that does not fit. */
  readonly seq: number;
  /** Tokens of this event and of what belongs to it, such as the tool call of a result; or of all pinned events. */
  readonly tokens: number;
  readonly budgetTokens: number;

  constructor(
    conversationId: string,
    { seq, tokens }: { seq: number; tokens: number },
    budgetTokens: number,
  ) {
    super(
      `The budget of ${budgetTokens} tokens of conversation "${conversationId}" is too small: event ${seq} and what must be with it have ${tokens} tokens`,
      { code: 'window_overflow' },
    );
    this.seq = seq;
    this.tokens = tokens;
    this.budgetTokens = budgetTokens;
  }
}

const CLASSES: Partial<Record<number, typeof FastpacaError>> = {
  400: InvalidRequestError,
  401: UnauthorizedError,
  403: ForbiddenError,
  404: NotFoundError,
  409: ConflictError,
  410: GoneError,
  413: PayloadTooLargeError,
  429: RateLimitError,
  503: UnavailableError,
};

/** The class for an HTTP status of 400 or above. */
export function errorClass(status: number): typeof FastpacaError {
  return CLASSES[status] ?? (status >= 500 ? ServerError : FastpacaError);
}
