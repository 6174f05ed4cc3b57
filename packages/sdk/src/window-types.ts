import type { Part, RepairCode, Role } from '@fastpaca/messages';
import type { CachedFormat, Format, Prompts } from './prompts.js';

/** A message of the window: an event of the log with all its fields, or a message of a summary. */
export interface WindowMessage {
  /** Position in the log; for a summary, the first seq of the range it replaces. */
  seq: number;
  /** The role in the log, except that `developer` becomes `system`: the AI SDK knows only that. */
  role: Exclude<Role, 'developer'>;
  parts: Part[];
  /** The parts as `content` of an AI SDK `ModelMessage`, without parts that no model message can contain. */
  content: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- assignable to `ModelMessage` of every major version
  id?: string;
  metadata?: Record<string, unknown>;
  insertedAt?: string;
  /** Only for a summary: the range it replaces. */
  fromSeq?: number;
  toSeq?: number;
  [field: string]: unknown;
}

/** A contiguous range of the window. */
export interface Segment {
  type: 'summary' | 'live';
  fromSeq: number;
  toSeq: number;
}

/** A change that was made so that providers accept a window. The log is unchanged. */
export interface Repair {
  /** What was repaired. A later version of the service may add codes. */
  code: RepairCode;
  /** Seq of the event that was changed, or after which something was added; 0 for a message that was added at an end. */
  seq: number;
  /** Id of the tool call, if the repair is about one that has an id. */
  callId?: string;
  /** What was done, as a short English phrase. */
  action: string;
}

/** Identifies the beginning of a window, for the prompt cache of a provider. */
export interface Prefix {
  /** While it is the same, the messages of an earlier window are the first messages of this one. */
  hash: string;
  /** Seq of the first message that is not pinned; one past the log if the window has none. */
  startSeq: number;
  /** Version of the newest active compaction; 0 without one. */
  compactionVersion: number;
  /** Digest of the policy, the budget, the model and the format. */
  settings: string;
  /** Only with `explain`: what has last changed the prefix. Null if nothing has. */
  changedBy?: 'budget' | 'policy' | 'compaction' | null;
}

/** What usage reports say about the windows of a conversation. */
export interface ConversationCalibration {
  /** The token factor of the model; 1 until it is learned. */
  factor: number;
  /** Reports about the model that were counted. */
  reports: number;
  /** Tokens that your application sends with every window, such as system prompt and tools. Absent without a report. */
  overhead?: number;
  /** The last report, beside what the service counts for that window before the factor. */
  lastReport?: { model: string; windowVersion: number; inputTokens: number; estimate: number };
}

/** Adjacent events of the log that are in a window, or not in it, for the same reason. */
export interface ExplainedRun {
  fromSeq: number;
  toSeq: number;
  /** What the events cost in the window; of events that are not in it, their counts. */
  tokens: number;
  included: boolean;
  /** Why they are not in the window, or `pinned`; null for the newest events. A later version of the service may add reasons. */
  reason:
    'policy' | 'budget' | 'summarized' | 'withdrawn' | 'pinned' | 'bytes' | 'overflow' | 'repair' | null;
}

/** A range cuts a tool call from its results: the nearest larger range that does not. */
export interface CompactionWarning {
  code: string;
  fromSeq: number;
  toSeq: number;
}

/** What a window is made of and how full it is. */
export interface WindowInfo {
  usedTokens: number;
  /** The messages that the policy selects exceed the trigger ratio of the budget: time to compact. */
  needsCompaction: boolean;
  version: number;
  segments: Segment[];
  budgetTokens: number;
  repairs: Repair[];
  /** Only if the conversation has a model: what stored token counts are multiplied by to give tokens of the model. */
  tokenFactor?: number;
  prefix: Prefix;
  /**
   * What does not fit the budget although the window is for it, so it is not in the window: the seq of the last of the newest messages,
   * and their tokens; or the seq of the first pinned message that does not fit, and the tokens of all pinned messages.
   */
  overflow?: { seq: number; tokens: number };
  /** Only with `explain`: all events of the log, ascending. */
  explain?: ExplainedRun[];
  /** Only with `explain`: what usage reports say about the windows of this conversation. */
  calibration?: ConversationCalibration;
  /** Only in a preview: its compaction cuts a tool call from its results. */
  warnings?: CompactionWarning[];
}

/** The part of a conversation that fits the token budget. */
export interface Window extends WindowInfo {
  messages: WindowMessage[];
}

/** A window in the format of a provider. */
export interface PromptWindow<F extends Format = Format> extends WindowInfo {
  format: F;
  /** To be spread into the call of the provider. */
  prompt: Prompts[F];
}

export interface WindowOptions {
  /** Narrows the budget for this call, in tokens, from 1. It never widens the budget. */
  budgetTokens?: number | undefined;
  /** Return the window only if the conversation is at this version. Otherwise `ConflictError`. */
  ifVersion?: number | undefined;
  /**
   * Return the window as it was at this version, from 0 to the current version, under today's settings. `autoCompact` leaves such a
   * window as it is.
   */
  atVersion?: number | undefined;
  /** Say for each event of the log why it is in the window or not, see `Window.explain`. Default false. */
  explain?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface PromptWindowOptions<F extends Format = Format> extends WindowOptions {
  /** The format of the `prompt`, by the provider that takes it. */
  format: F;
  /**
   * Prepare the prompt for the provider's prompt cache: `cache_control` for Anthropic, `prompt_cache_key` for OpenAI. Only with these
   * formats. Default false.
   */
  cache?: (F extends CachedFormat ? boolean : false) | undefined;
}
