import { describe, expect, it } from '@jest/globals';
import type { SeqRange } from '../events/stored-event.js';
import { inOrder, segmentsOf } from './assemble.js';
import { WindowMessage } from './window-message.js';

const live = (...seqs: number[]) => seqs.map((seq) => new WindowMessage(seq, 1, '{}'));
const summary = (fromSeq: number, toSeq: number, count = 1) => {
  const range = { fromSeq, toSeq };
  return Array.from({ length: count }, () => new WindowMessage(fromSeq, 1, '{}', range));
};

/** The segments of a window, written like `live 3-5`. */
function outline(summaries: WindowMessage[], messages: WindowMessage[], ranges: SeqRange[]): string[] {
  return segmentsOf(inOrder(summaries, messages), ranges).map(
    ({ type, fromSeq, toSeq, messages: own }) => `${type} ${fromSeq}-${toSeq} (${own.length})`,
  );
}

describe('segmentsOf', () => {
  it('returns no segments for an empty log', () => {
    expect(outline([], [], [])).toEqual([]);
  });

  it('orders summaries and live segments by seq, and keeps adjacent summaries apart', () => {
    const ranges = [
      { fromSeq: 1, toSeq: 2 },
      { fromSeq: 6, toSeq: 9 },
    ];
    const summaries = [...summary(3, 4, 2), ...summary(5, 5), ...summary(10, 12)];
    expect(outline(summaries, live(1, 2, 6, 7, 8, 9), ranges)).toEqual([
      'live 1-2 (2)',
      'summary 3-4 (2)',
      'summary 5-5 (1)',
      'live 6-9 (4)',
      'summary 10-12 (1)',
    ]);
  });

  it('separates live events at a compaction between them, even if its summary was cut', () => {
    const ranges = [
      { fromSeq: 1, toSeq: 2 },
      { fromSeq: 6, toSeq: 9 },
    ];
    expect(outline([], live(2, 6), ranges)).toEqual(['live 2-2 (1)', 'live 6-6 (1)']);
  });

  it('puts events of one range into one segment, even if the policy dropped events between them', () => {
    expect(outline([], live(2, 5, 9), [{ fromSeq: 1, toSeq: 9 }])).toEqual(['live 2-9 (3)']);
  });

  it('omits the segment of a range without selected events', () => {
    const ranges = [1, 4, 7].map((fromSeq) => ({ fromSeq, toSeq: fromSeq }));
    expect(outline(summary(2, 3), live(7), ranges)).toEqual(['summary 2-3 (1)', 'live 7-7 (1)']);
  });
});
