import { requireInteger } from '../arguments.js';
import type { CompactionWarning, RangeCompaction } from '../types.js';
import { toWireEvent } from './events.js';
import type { WireCompactionWarning } from './types.js';

/** The range of a compaction and what replaces it, without `ifVersion`. @throws RangeError, TypeError */
export function toWireRange({ fromSeq, toSeq, replacement, snap }: RangeCompaction): Record<string, unknown> {
  requireInteger('fromSeq', fromSeq, 1);
  requireInteger('toSeq', toSeq, 1);
  return { from_seq: fromSeq, to_seq: toSeq, replacement: replacement.map(toWireEvent), snap };
}

/** `warnings` as a field; none if there are no warnings. */
export function warningsField(warnings: readonly WireCompactionWarning[] | undefined): {
  warnings?: CompactionWarning[];
} {
  if (!warnings) return {};
  return {
    warnings: warnings.map(({ code, from_seq: fromSeq, to_seq: toSeq }) => ({ code, fromSeq, toSeq })),
  };
}
