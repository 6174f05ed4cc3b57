import type { Format, Prompts, Repair } from '@fastpaca/messages';
import type { CompactionWarning } from '../compaction/compaction.js';
import type { SeqRange } from '../events/stored-event.js';
import type { WindowExplanation } from './explanation.js';
import type { GroupSize } from './group-size.js';
import type { WindowPrefix } from './prefix.js';
import type { WindowMessage } from './window-message.js';

/** The numbers of a window. All tokens are estimates, as `token_estimate` of the events. */
export interface WindowTotals {
  /** The conversation version that the window reflects. */
  version: number;
  /** The sum over the messages. Never more than `budgetTokens`. */
  usedTokens: number;
  /** The same in stored counts, before `tokenFactor`. */
  countedTokens: number;
  /** The effective budget: the least of the conversation's, the policy's and the caller's, without `reserve_tokens`. */
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
  /** What was changed so that a provider accepts the messages. The log is unchanged. */
  repairs: readonly Repair[];
  /** Only with a model: what stored token counts were multiplied by to give tokens of the model. */
  tokenFactor?: number;
  /** Identifies the beginning of the window, for the prompt cache of a provider. */
  prefix: WindowPrefix;
  /**
   * What does not fit the budget although the window is for it: the newest group, even with its tool results shortened; the pinned
   * events; or if all events are summarized, the newest summary. The window is then without it.
   */
  overflow?: GroupSize;
  /** Only if it was asked for: why each event of the log is in the window or not. */
  explanation?: WindowExplanation;
  /** Only in a preview: the previewed compaction cuts through a group. */
  warnings?: readonly CompactionWarning[];
}

/** A window in the format of a provider. `segments` say which messages it was made from. */
export interface PromptWindow<F extends Format = Format> extends Omit<Window, 'messages'> {
  format: F;
  prompt: Prompts[F];
}
