import type { MessageEvent } from './event.js';

/** A message of a window: an event of the log, or a message of a summary. */
export interface WindowEvent {
  /** Seq of the event; for a summary, the first seq of its range. */
  seq: number;
  event: MessageEvent;
  /**
   * How the caller wrote the content of the event; undefined if unknown. `string` became one text part, `null` and `absent`
   * are allowed beside tool calls.
   */
  contentForm?: ContentForm;
  /** Whether a policy has removed or replaced parts of the event. */
  isReduced?: boolean;
  /** Only for a summary: the range that it stands for. */
  summary?: { fromSeq: number; toSeq: number };
}

export type ContentForm = 'string' | 'null' | 'absent' | 'parts';

/** A change that was made so that a provider accepts the window. The log is never changed. */
export interface Repair {
  code: RepairCode;
  /** Seq of the event that was changed, or after which something was added. */
  seq: number;
  /** Id of the tool call, if the repair is about one that has an id. */
  call_id?: string;
  /** What was done, as a short English phrase. */
  action: string;
}

export const REPAIR_CODES = [
  /** A tool result without its call was removed. */
  'result_without_call',
  /** A tool call had no result, so one was added. */
  'call_without_result',
  /** A lone surrogate was replaced by U+FFFD. */
  'ill_formed_text',
  /** The format cannot carry a part, a field or a setting; it was left out. */
  'left_out',
  /** An id or a name that the format does not allow was replaced. */
  'renamed',
  /** The arguments of a call were written in another way, because the format wants an object. */
  'rewritten',
  /** Tool results were moved directly behind their call. */
  'moved',
  /** A short message of the user was added, because the provider wants one at this place. */
  'user_message_added',
] as const;

export type RepairCode = (typeof REPAIR_CODES)[number];
