import type { Change } from '../types.js';
import type { WireFrame } from './types.js';
import { fromWireEvent } from './events.js';

/** Converts a frame of the change feed. Returns undefined for pings, and for frames that a later version of the service may add. */
export function fromWireFrame(frame: WireFrame): Change | undefined {
  const { version } = frame;
  switch (frame.type) {
    case 'event': {
      const { seq } = frame;
      return { type: 'event', version, seq, event: fromWireEvent(frame.event, { seq, version }) };
    }
    case 'compaction': {
      const { from_seq: fromSeq, to_seq: toSeq } = frame.range;
      const range = { fromSeq, toSeq };
      const { undoes } = frame;
      return {
        type: 'compaction',
        version,
        range,
        ...(frame.withdrawn && { withdrawn: true }),
        ...(undoes !== undefined && { undoes }),
      };
    }
    case 'window': {
      const { needs_compaction: needsCompaction, used_tokens: usedTokens } = frame;
      return { type: 'window', version, needsCompaction, usedTokens };
    }
    case 'gap':
      return {
        type: 'gap',
        version,
        expected: frame.expected,
        actual: frame.actual,
        reason: frame.reason,
      };
    case 'reset':
    case 'tombstoned':
      return { type: frame.type, version };
    default:
      return undefined;
  }
}
