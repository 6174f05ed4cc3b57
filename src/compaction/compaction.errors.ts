import { InvalidPayloadError } from '../common/errors/common.errors.js';

/** The range contains only a part of an active compaction; it must contain all of it or nothing. */
export class RangeOverlapError extends InvalidPayloadError {
  override readonly reason = 'range_overlap';
  constructor(active: { fromSeq: number; toSeq: number }) {
    const message = `cuts through the active compaction ${active.fromSeq}–${active.toSeq}; contain all of it or nothing`;
    super([{ path: 'from_seq', message: `the range ${message}` }], `The range ${message}`);
  }
}

/** The range reaches outside the log. */
export class RangeGapError extends InvalidPayloadError {
  override readonly reason = 'range_gap';
  constructor(path: 'from_seq' | 'to_seq', lastSeq: number) {
    const message = lastSeq ? `the log has seqs 1 to ${lastSeq}` : 'the log is empty';
    super([{ path, message }], `The range reaches outside the log: ${message}`);
  }
}
