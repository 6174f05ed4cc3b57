import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { disjointRanges, type WithdrawnRange } from './withdrawn-ranges.js';

const range = (fromSeq: number, toSeq: number, version: number): WithdrawnRange => ({
  fromSeq,
  toSeq,
  version,
});

describe('disjointRanges', () => {
  it.each([
    ['nothing', [], []],
    ['one range', [range(3, 5, 9)], [range(3, 5, 9)]],
    ['ranges apart, in any order', [range(7, 7, 9), range(1, 2, 10)], [range(1, 2, 10), range(7, 7, 9)]],
    ['adjacent ranges', [range(1, 2, 9), range(3, 4, 10)], [range(1, 2, 9), range(3, 4, 10)]],
    [
      'a later range around an earlier one',
      [range(4, 5, 9), range(2, 8, 12)],
      [range(2, 3, 12), range(4, 5, 9), range(6, 8, 12)],
    ],
    ['the same range twice', [range(2, 3, 12), range(2, 3, 9)], [range(2, 3, 9)]],
    [
      'ranges that begin or end together',
      [range(2, 3, 9), range(2, 5, 10), range(5, 5, 7)],
      [range(2, 3, 9), range(4, 4, 10), range(5, 5, 7)],
    ],
  ])('splits %s', (_, ranges, expected) => {
    expect(disjointRanges(ranges)).toEqual(expected);
  });

  it('has for each seq the version of the earliest range around it', () => {
    const cuts = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 10 }));
    fc.assert(
      fc.property(fc.array(cuts, { maxLength: 12 }), (random) => {
        const ranges: WithdrawnRange[] = [];
        for (const [index, [fromSeq, length]] of random.entries()) {
          const next = range(fromSeq, fromSeq + length, 100 + index);
          const isLegal = ranges.every(
            (each) =>
              each.toSeq < next.fromSeq ||
              each.fromSeq > next.toSeq ||
              (each.fromSeq >= next.fromSeq && each.toSeq <= next.toSeq),
          );
          if (isLegal) ranges.push(next);
        }
        const disjoint = disjointRanges(ranges);
        for (let seq = 1; seq <= 31; seq += 1) {
          const isIn = ({ fromSeq, toSeq }: WithdrawnRange) => fromSeq <= seq && seq <= toSeq;
          expect(disjoint.filter(isIn).map(({ version }) => version)).toEqual(
            ranges
              .filter(isIn)
              .slice(0, 1)
              .map(({ version }) => version),
          );
        }
        expect(disjoint).toEqual(disjoint.toSorted((a, b) => a.fromSeq - b.fromSeq));
      }),
    );
  });
});
