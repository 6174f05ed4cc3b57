/** One fault of a request: where it is (`event.parts[0].type`, `limit`) and what is expected there. */
export interface Violation {
  path: string;
  message: string;
}

/**
 * Something a caller can act on. Services throw these and never HTTP exceptions, so that every transport can use
 * the same rule; `AppErrorFilter` turns them into the one error body of the API.
 */
export abstract class AppError extends Error {
  override get name(): string {
    return this.constructor.name;
  }

  /** HTTP status of the answer. */
  abstract readonly status: number;
  /** Stable code, the `error` of the body. */
  abstract readonly error: string;
  /** Finer stable code; public API: add reasons, never rename them. */
  readonly reason?: string;
  /** The violations found, at most one more than an answer lists. */
  readonly details?: Violation[];
  /** Seconds after which a retry makes sense; sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** What a version check expected and found. */
  readonly expected?: number;
  readonly actual?: number;
}
