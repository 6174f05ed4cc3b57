import { HttpStatus } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';

/** The idempotency key was used for other content, which stays stored. */
export class IdempotencyConflictError extends AppError {
  readonly status = HttpStatus.CONFLICT;
  readonly error = 'conflict';
  override readonly reason = 'idempotency_conflict';
  constructor() {
    super('This idempotency key was already used for other content in this conversation');
  }
}
