import { describe, expect, it } from '@jest/globals';
import type { Change } from '../types.js';
import { WatchPosition } from './watch-position.js';

const compaction = (version: number): Change => ({
  type: 'compaction',
  version,
  range: { fromSeq: 1, toSeq: 1 },
});
const window = (version: number, usedTokens = 5): Change => ({
  type: 'window',
  version,
  needsCompaction: false,
  usedTokens,
});

describe('WatchPosition', () => {
  it('advances to each change once', () => {
    const position = WatchPosition.after(3);
    expect(position.advance(compaction(3))).toBe(false);
    expect(position.advance(compaction(4))).toBe(true);
    expect(position.advance(compaction(4))).toBe(false);
    expect(position.cursor).toBe(4);
  });

  it('accepts a window again only if it has changed', () => {
    const position = WatchPosition.after(3);
    expect(position.advance(window(3))).toBe(true);
    expect(position.advance(window(3))).toBe(false);
    expect(position.advance(window(3, 6))).toBe(true);
    expect(position.advance(window(2))).toBe(false);
  });

  it('ignores the first window after WatchPosition.now unless the conversation has changed', () => {
    expect(WatchPosition.now(3).advance(window(3))).toBe(false);
    expect(WatchPosition.now(3).advance(window(4))).toBe(true);
    const position = WatchPosition.now(3);
    position.advance(window(3));
    expect(position.advance(window(3, 6))).toBe(true);
  });

  it('moves back to the version of a gap or a reset', () => {
    const position = WatchPosition.after(7);
    expect(
      position.advance({ type: 'gap', version: 2, expected: 8, actual: 2, reason: 'cursor_ahead' }),
    ).toBe(true);
    expect(position.cursor).toBe(2);
    expect(position.advance({ type: 'reset', version: 1 })).toBe(true);
    expect(position.cursor).toBe(1);
  });
});
