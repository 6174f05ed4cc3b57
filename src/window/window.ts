import type { SeqRange } from '../events/stored-event.js';
import type { WindowMessage } from './window-message.js';

/** The numbers of a window. All tokens are estimates, as `token_estimate` of the events. */
export interface WindowTotals {
  /** The conversation version that the window reflects. */
  version: number;
  /** The sum over the messages. Never more than `budgetTokens`. */
  usedTokens: number;
  /** The effective budget: the least of the conversation's, the policy's and the caller's. */
  budgetTokens: number;
  /** Tokens of the snapshot: all summaries and all events that the policy selected, before the budget cut. */
  snapshotTokens: number;
  /** Whether `snapshotTokens` exceeds `trigger_ratio` × `budgetTokens`. */
  needsCompaction: boolean;
}

/** A range of the window: the summary of a compaction, or live events between compactions. */
export interface Segment extends SeqRange {
  type: 'summary' | 'live';
  /** Ascending by seq. */
  messages: readonly WindowMessage[];
}

/** The slice of a conversation that goes to the model. */
export interface Window extends WindowTotals {
  /** Ascending and disjoint. */
  segments: readonly Segment[];
  /** The messages of all segments, in order. */
  messages: readonly WindowMessage[];
}
