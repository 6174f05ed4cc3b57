import { HttpStatus } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';

/** The range contains only a part of an active compaction; it must contain all of it or nothing. */
export class RangeOverlapError extends InvalidPayloadError {
  override readonly reason = 'range_overlap';
  /** @param prefix path of the object that has the range, with a dot at its end */
  constructor(active: { fromSeq: number; toSeq: number }, prefix = '') {
    const message = `cuts through the active compaction ${active.fromSeq}–${active.toSeq}; contain all of it or nothing`;
    super([{ path: `${prefix}from_seq`, message: `the range ${message}` }], `The range ${message}`);
  }
}

/** The range reaches outside the log. */
export class RangeGapError extends InvalidPayloadError {
  override readonly reason = 'range_gap';
  /** @param prefix path of the object that has the range, with a dot at its end */
  constructor(path: 'from_seq' | 'to_seq', lastSeq: number, prefix = '') {
    const message = lastSeq ? `the log has seqs 1 to ${lastSeq}` : 'the log is empty';
    super([{ path: prefix + path, message }], `The range reaches outside the log: ${message}`);
  }
}

/** The conversation has no compaction of this version. */
export class CompactionNotFoundError extends AppError {
  readonly status = HttpStatus.NOT_FOUND;
  readonly error = 'not_found';
  constructor(version: number) {
    super(
      `The conversation has no compaction with the version ${version}; GET /v1/conversations/{id}/compactions lists them`,
    );
  }
}

/** The compaction is no longer active, because another one has replaced it. */
export class CompactionReplacedError extends AppError {
  readonly status = HttpStatus.CONFLICT;
  readonly error = 'conflict';
  override readonly reason = 'compaction_replaced';
  constructor(version: number, replacedAt: number) {
    super(`Compaction ${version} was replaced by compaction ${replacedAt}; undo that one first`);
  }
}

/** The compaction was undone before. */
export class CompactionUndoneError extends AppError {
  readonly status = HttpStatus.CONFLICT;
  readonly error = 'conflict';
  override readonly reason = 'compaction_undone';
  constructor(version: number, undoneAt: number) {
    super(`Compaction ${version} was already undone at version ${undoneAt}`);
  }
}
