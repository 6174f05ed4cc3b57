import { HttpStatus } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';

export class ConversationNotFoundError extends AppError {
  readonly status = HttpStatus.NOT_FOUND;
  readonly error = 'not_found';
  constructor() {
    super('The conversation does not exist; create it with PUT /v1/conversations/{id}');
  }
}

/** The conversation was deleted: it can be read, but not written. */
export class TombstonedError extends AppError {
  readonly status = HttpStatus.CONFLICT;
  readonly error = 'conflict';
  override readonly reason = 'tombstoned';
  constructor() {
    super('The conversation was deleted: it can be read, but not written');
  }
}

/** The conversation was erased: it can be neither read nor written, and its id cannot be used again. */
export class ConversationErasedError extends AppError {
  readonly status = HttpStatus.GONE;
  readonly error = 'gone';
  constructor() {
    super('The conversation was erased, and its id cannot be used again; choose another id');
  }
}

export class VersionMismatchError extends AppError {
  readonly status = HttpStatus.CONFLICT;
  readonly error = 'conflict';
  override readonly reason = 'version_mismatch';
  constructor(
    override readonly expected: number,
    override readonly actual: number,
  ) {
    super(`Conversation version changed (expected ${expected}, found ${actual})`);
  }
}
