import { describe, expect, it } from '@jest/globals';
import { gapsBetween, newestRanges, oldestRanges, rangesBefore, rangesFrom } from './seq-ranges.js';
import type { SeqRange } from './stored-event.js';

/** Ranges from text: `2-4 7`. */
const ranges = (text: string): SeqRange[] =>
  text
    .split(' ')
    .filter(Boolean)
    .map((range) => range.split('-').map(Number))
    .map(([fromSeq = 0, toSeq = fromSeq]) => ({ fromSeq, toSeq }));

const text = (list: readonly SeqRange[]) =>
  list.map(({ fromSeq, toSeq }) => (fromSeq === toSeq ? `${fromSeq}` : `${fromSeq}-${toSeq}`)).join(' ');

describe.each([
  ['1-10', '8-10', '1-3'],
  ['1-2 5-9', '7-9', '1-2 5'],
  ['1-2 5 8', '2 5 8', '1-2 5'],
  ['1-2', '1-2', '1-2'],
  ['1 4-5', '1 4-5', '1 4-5'],
  ['', '', ''],
])('of the ranges %j', (all, newest, oldest) => {
  it(`the newest 3 events are ${newest || 'none'}`, () => {
    expect(text(newestRanges(ranges(all), 3))).toBe(newest);
  });

  it(`the oldest 3 events are ${oldest || 'none'}`, () => {
    expect(text(oldestRanges(ranges(all), 3))).toBe(oldest);
  });
});

it.each([
  [1, '', '2-4 7-8'],
  [3, '2', '3-4 7-8'],
  [5, '2-4', '7-8'],
  [8, '2-4 7', '8'],
  [9, '2-4 7-8', ''],
])('the seq %i divides ranges into those before and from it', (seq, before, from) => {
  expect(text(rangesBefore(ranges('2-4 7-8'), seq))).toBe(before);
  expect(text(rangesFrom(ranges('2-4 7-8'), seq))).toBe(from);
});

it.each([
  ['', 5, '1-5'],
  ['', 0, ''],
  ['1-5', 5, ''],
  ['2-3', 5, '1 4-5'],
  ['1-2 3-4 6', 9, '5 7-9'],
])('between the ranges %j in a log of %i events are %j', (covered, lastSeq, gaps) => {
  expect(text(gapsBetween(ranges(covered), lastSeq))).toBe(gaps);
});
