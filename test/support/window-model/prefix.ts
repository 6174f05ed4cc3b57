import type { Message } from './place.js';
import type { Summary } from './timeline.js';

/** The part of `prefix` that the model computes. */
export interface Prefix {
  start_seq: number;
  compaction_version: number;
}

/** @param summaries of all active compactions, also those that the budget drops */
export function prefixOf(
  messages: readonly Message[],
  lastSeq: number,
  summaries: readonly Summary[],
): Prefix {
  return {
    start_seq: messages.find(({ isOfRun }) => isOfRun)?.seq ?? lastSeq + 1,
    compaction_version: Math.max(0, ...summaries.map(({ version }) => version)),
  };
}

/** Whether the messages of a window are the first messages of another one. */
export function isPrefix(earlier: { messages: any[] }, later: { messages: any[] }): boolean {
  const first = later.messages.slice(0, earlier.messages.length);
  return JSON.stringify(first) === JSON.stringify(earlier.messages);
}
