import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LiveRanges, type TokenRange } from './live-ranges.js';

/** A log. Each list has one entry per event. */
interface Log {
  tokens: number[];
  /** 0 for a live event. Adjacent events with the same other mark belong to one compaction. */
  marks: number[];
}

const anyLog: fc.Arbitrary<Log> = fc
  .array(fc.record({ tokens: fc.nat(9), mark: fc.constantFrom(0, 0, 1, 1, 2) }), { maxLength: 30 })
  .map((events) => ({ tokens: events.map((each) => each.tokens), marks: events.map((each) => each.mark) }));

/** Ascending ranges with one mark each. Two compactions may be adjacent. */
function rangesWhere({ tokens, marks }: Log, wanted: (mark: number) => boolean): TokenRange[] {
  const ranges: TokenRange[] = [];
  let total = 0;
  for (const [index, mark] of marks.entries()) {
    const seq = index + 1;
    const before = total;
    total += tokens[index] ?? 0;
    if (!wanted(mark)) continue;
    const last = ranges.at(-1);
    if (last?.toSeq === index && marks[index - 1] === mark) {
      last.toSeq = seq;
      last.tokensThrough = total;
    } else {
      ranges.push({ fromSeq: seq, toSeq: seq, tokensBefore: before, tokensThrough: total });
    }
  }
  return ranges;
}

function liveRangesOf(log: Log): LiveRanges {
  const total = log.tokens.reduce((sum, each) => sum + each, 0);
  return new LiveRanges(
    log.tokens.length,
    total,
    rangesWhere(log, (mark) => mark !== 0),
  );
}

function liveSeqs({ marks }: Log): number[] {
  return marks.flatMap((mark, index) => (mark === 0 ? [index + 1] : []));
}

describe('LiveRanges', () => {
  it('contains the longest ranges that no compaction covers, with the token totals before and through them', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        expect(liveRangesOf(log).ranges).toEqual(rangesWhere(log, (mark) => mark === 0));
      }),
    );
  });

  it('returns the number of live events, and the seq at each position and after the last', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const ranges = liveRangesOf(log);
        const seqs = liveSeqs(log);
        expect(ranges.count).toBe(seqs.length);
        expect(seqs.map((_, index) => ranges.seqAt(index + 1))).toEqual(seqs);
        expect(ranges.seqAt(seqs.length + 1)).toBe(log.tokens.length + 1);
        expect(ranges.seqAt(seqs.length + 100)).toBe(log.tokens.length + 1);
      }),
    );
  });

  it('returns the position of the first live event at or after any seq', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const ranges = liveRangesOf(log);
        const seqs = liveSeqs(log);
        for (let seq = 1; seq <= log.tokens.length + 2; seq += 1) {
          expect(ranges.positionOf(seq)).toBe(seqs.filter((live) => live < seq).length + 1);
        }
      }),
    );
  });

  it('returns every range with an event at or after a seq, without shortening it', () => {
    fc.assert(
      fc.property(anyLog, fc.integer({ min: 1, max: 32 }), (log, seq) => {
        const wanted = rangesWhere(log, (mark) => mark === 0).filter(({ toSeq }) => toSeq >= seq);
        expect(liveRangesOf(log).reaching(seq)).toEqual(wanted);
      }),
    );
  });
});
