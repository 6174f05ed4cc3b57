import type { Format } from '@fastpaca/messages';
import type { RangeCompaction } from '../compaction/compaction.service.js';
import type { SettingsInput } from '../conversations/conversation.js';

export interface ReadWindowOptions {
  /** Narrows the budget for this call; never widens it. */
  budgetTokens?: number | undefined;
  /** The version the caller believes current; undefined skips the check. */
  ifVersion?: number | undefined;
  /**
   * Reads the window as it was at this version of the log and the compactions, under today's settings and clock; from 0 to the
   * current version. Default: the current version.
   */
  atVersion?: number | undefined;
  /** Adds an explanation: why each event of the log is in the window or not. Default false. */
  explain?: boolean | undefined;
}

export interface ReadPromptOptions extends ReadWindowOptions {
  /** Prepares the prompt for the prompt cache of the provider. Only for the formats of OpenAI and Anthropic. Default false. */
  cache?: boolean | undefined;
}

/** How a window is read as a response body. */
export interface ReadBodyOptions extends ReadPromptOptions {
  /** The format of a provider; undefined for messages as they are stored. */
  format?: Format | undefined;
}

/** Settings and a compaction to try out. What is undefined is as it is stored. */
export interface WindowPreview extends Pick<
  SettingsInput,
  'policy' | 'tokenBudget' | 'reserveTokens' | 'model'
> {
  compaction?: RangeCompaction | undefined;
}
