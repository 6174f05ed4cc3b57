/** A violated rule of a request: the path of the value (`event.parts[0].type`, `limit`) and what is expected. */
export interface Violation {
  path: string;
  message: string;
}

/**
 * An error that a caller can act on. Services throw these errors and never HTTP exceptions, so that every transport can
 * use them; `ApiErrorFilter` turns them into the error body of the API.
 */
export abstract class AppError extends Error {
  override get name(): string {
    return this.constructor.name;
  }

  /** HTTP status of the response. */
  abstract readonly status: number;
  /** Stable code: `error` in the body. */
  abstract readonly error: string;
  /** More specific stable code. Public API: add reasons, never rename them. */
  readonly reason?: string;
  /** The violations, at most one more than a response lists. */
  readonly details?: Violation[];
  /** Seconds to wait before a retry; sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** The expected and the actual version of a failed version check. */
  readonly expected?: number;
  readonly actual?: number;
}
