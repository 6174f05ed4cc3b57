import { HttpStatus } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';

/** The key was used for other content; the first use stands. */
export class IdempotencyConflictError extends AppError {
  readonly status = HttpStatus.CONFLICT;
  readonly error = 'conflict';
  override readonly reason = 'idempotency_conflict';
  constructor() {
    super('This idempotency key was already used in this conversation for other content');
  }
}
