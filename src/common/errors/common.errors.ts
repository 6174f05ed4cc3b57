import { HttpStatus } from '@nestjs/common';
import { AppError, type Violation } from './app-error.js';
import { addViolations, MAX_LISTED } from './violations.js';

/** Violations that the message of an error includes. */
const MAX_IN_MESSAGE = 10;

/** The request violates the schema or other rules; `details` lists the violations. */
export class InvalidPayloadError extends AppError {
  readonly status = HttpStatus.BAD_REQUEST;
  readonly error = 'invalid_payload';
  override readonly details: Violation[] = [];

  constructor(violations: Iterable<Violation>, message?: string) {
    super();
    addViolations(this.details, violations);
    this.message = message ?? summary(this.details);
  }
}

function summary(details: readonly Violation[]): string {
  const shown = details.slice(0, MAX_IN_MESSAGE);
  const texts = shown.map(({ path, message }) => (path ? `${path} ${message}` : message));
  const more = details.length - shown.length;
  if (more > 0) texts.push(`and ${details.length > MAX_LISTED ? 'at least ' : ''}${more} more`);
  return texts.join('; ');
}

/** The API key is missing or unknown. */
export class UnauthorizedError extends AppError {
  readonly status = HttpStatus.UNAUTHORIZED;
  readonly error = 'unauthorized';
  constructor() {
    super('An API key is required: send it as "Authorization: Bearer <key>"');
  }
}

/** The API key is valid, but lacks the scope of the route. */
export class ForbiddenError extends AppError {
  readonly status = HttpStatus.FORBIDDEN;
  readonly error = 'forbidden';
  constructor(scope: string) {
    super(`This API key lacks the scope ${scope}`);
  }
}

export class RouteNotFoundError extends AppError {
  readonly status = HttpStatus.NOT_FOUND;
  readonly error = 'not_found';
  constructor() {
    super('No such route');
  }
}

export class PayloadTooLargeError extends AppError {
  readonly status = HttpStatus.PAYLOAD_TOO_LARGE;
  readonly error = 'payload_too_large';
}

export class UnsupportedMediaTypeError extends AppError {
  readonly status = HttpStatus.UNSUPPORTED_MEDIA_TYPE;
  readonly error = 'unsupported_media_type';
  constructor(
    message = 'Send the body with "Content-Type: application/json" and without "Content-Encoding"',
  ) {
    super(message);
  }
}

/** The service is temporarily unavailable: no database, pool exhausted, draining. A retry is safe. */
export class UnavailableError extends AppError {
  readonly status = HttpStatus.SERVICE_UNAVAILABLE;
  readonly error = 'unavailable';
  override readonly retryAfterSeconds = 1;
}
