import type { Prefix } from '../../src/types.js';

/** The prefix of a window in tests that do not look at it. */
export const ANY_PREFIX: Prefix = { hash: 'h', startSeq: 1, compactionVersion: 0, settings: 's' };
