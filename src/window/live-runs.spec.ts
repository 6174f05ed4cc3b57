import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LiveRuns, type TokenRun } from './live-runs.js';

/** A log, event by event. */
interface Log {
  tokens: number[];
  /** 0 where the event is live; neighbours with the same other number are compacted together. */
  marks: number[];
}

const anyLog: fc.Arbitrary<Log> = fc
  .array(fc.record({ tokens: fc.nat(9), mark: fc.constantFrom(0, 0, 1, 1, 2) }), { maxLength: 30 })
  .map((events) => ({ tokens: events.map((each) => each.tokens), marks: events.map((each) => each.mark) }));

/** Ascending runs of one mark each, so that two compactions may also meet without a live event between. */
function rangesWhere({ tokens, marks }: Log, wanted: (mark: number) => boolean): TokenRun[] {
  const ranges: TokenRun[] = [];
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

function liveRuns(log: Log): LiveRuns {
  const total = log.tokens.reduce((sum, each) => sum + each, 0);
  return new LiveRuns(
    log.tokens.length,
    total,
    rangesWhere(log, (mark) => mark !== 0),
  );
}

function liveSeqs({ marks }: Log): number[] {
  return marks.flatMap((mark, index) => (mark === 0 ? [index + 1] : []));
}

describe('LiveRuns', () => {
  it('has the longest runs of events that no compaction covers, with the token totals around them', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        expect(liveRuns(log).runs).toEqual(rangesWhere(log, (mark) => mark === 0));
      }),
    );
  });

  it('counts the live events, and knows the seq at each position and past the last', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const runs = liveRuns(log);
        const seqs = liveSeqs(log);
        expect(runs.count).toBe(seqs.length);
        expect(seqs.map((_, index) => runs.seqAt(index + 1))).toEqual(seqs);
        expect(runs.seqAt(seqs.length + 1)).toBe(log.tokens.length + 1);
        expect(runs.seqAt(seqs.length + 100)).toBe(log.tokens.length + 1);
      }),
    );
  });

  it('knows the position of the first live event at or after any seq', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const runs = liveRuns(log);
        const seqs = liveSeqs(log);
        for (let seq = 1; seq <= log.tokens.length + 2; seq += 1) {
          expect(runs.positionOf(seq)).toBe(seqs.filter((live) => live < seq).length + 1);
        }
      }),
    );
  });

  it('has from any seq on the runs that reach it, whole', () => {
    fc.assert(
      fc.property(anyLog, fc.integer({ min: 1, max: 32 }), (log, seq) => {
        const wanted = rangesWhere(log, (mark) => mark === 0).filter(({ toSeq }) => toSeq >= seq);
        expect(liveRuns(log).from(seq)).toEqual(wanted);
      }),
    );
  });
});
