import { describe, expect, it } from '@jest/globals';
import type { SeqRange } from '../events/stored-event.js';
import { segmentsOf } from './assemble.js';
import { WindowMessage } from './window-message.js';

const live = (...seqs: number[]) => seqs.map((seq) => new WindowMessage(seq, 1, '{}'));
const summary = (fromSeq: number, toSeq: number, count = 1) => {
  const range = { fromSeq, toSeq };
  return Array.from({ length: count }, () => new WindowMessage(fromSeq, 1, '{}', range));
};

/** The segments of a window, written like `live 3-5`. Events from `fromSeq` to `toSeq` are not pinned. */
function outline(messages: WindowMessage[], compacted: SeqRange[], fromSeq = 1, toSeq = 100): string[] {
  return segmentsOf(messages, compacted, { fromSeq, toSeq }).map(
    ({ type, fromSeq, toSeq, messages: own }) => `${type} ${fromSeq}-${toSeq} (${own.length})`,
  );
}

describe('segmentsOf', () => {
  it('returns no segments for an empty log', () => {
    expect(outline([], [])).toEqual([]);
  });

  it('orders summaries and live segments by seq, and keeps adjacent summaries apart', () => {
    const compacted = [
      { fromSeq: 3, toSeq: 4 },
      { fromSeq: 5, toSeq: 5 },
      { fromSeq: 10, toSeq: 12 },
    ];
    const messages = [
      ...live(1, 2),
      ...summary(3, 4, 2),
      ...summary(5, 5),
      ...live(6, 7, 8, 9),
      ...summary(10, 12),
    ];
    expect(outline(messages, compacted)).toEqual([
      'live 1-2 (2)',
      'summary 3-4 (2)',
      'summary 5-5 (1)',
      'live 6-9 (4)',
      'summary 10-12 (1)',
    ]);
  });

  it('separates live events at a compaction between them, even if its summary was cut', () => {
    expect(outline(live(2, 6), [{ fromSeq: 3, toSeq: 5 }])).toEqual(['live 2-2 (1)', 'live 6-6 (1)']);
  });

  it('puts newest events into one segment, even if the policy dropped events between them', () => {
    expect(outline(live(2, 5, 9), [])).toEqual(['live 2-9 (3)']);
  });

  it('joins pinned events with the newest events only if nothing between them was left out', () => {
    expect(outline(live(1, 2, 3, 4), [], 3)).toEqual(['live 1-4 (4)']);
    expect(outline(live(1, 2, 7, 8), [], 7)).toEqual(['live 1-2 (2)', 'live 7-8 (2)']);
    expect(outline(live(1, 4, 7, 8), [], 7)).toEqual(['live 1-1 (1)', 'live 4-4 (1)', 'live 7-8 (2)']);
  });

  it('separates pinned events behind a group that does not fit', () => {
    expect(outline(live(2, 3, 5), [], 2, 3)).toEqual(['live 2-3 (2)', 'live 5-5 (1)']);
  });

  it('gives pinned events inside a compacted range segments of their own', () => {
    const messages = [...live(1), ...summary(1, 9), ...live(5, 6, 10)];
    expect(outline(messages, [{ fromSeq: 1, toSeq: 9 }], 10)).toEqual([
      'live 1-1 (1)',
      'summary 1-9 (1)',
      'live 5-6 (2)',
      'live 10-10 (1)',
    ]);
  });
});
