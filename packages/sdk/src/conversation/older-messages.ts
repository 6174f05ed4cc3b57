import { groupEvents, outlineOf, type MessageEvent } from '@fastpaca/messages';
import { requireInteger } from '../arguments.js';
import type { WindowMessage } from '../types.js';

/**
 * The messages of a window that a summary may replace, for a handler of `autoCompact`: all but the newest ones and the leading system
 * messages. A tool call and its results are in it together, or not at all.
 *
 * @param keep how many of the newest messages are not in it; more if the limit is between a tool call and its results. Default 10
 * @returns consecutive messages of the window; empty if there is nothing to replace
 * @throws RangeError
 */
export function olderMessages(
  messages: readonly WindowMessage[],
  { keep = 10 }: { keep?: number } = {},
): WindowMessage[] {
  requireInteger('keep', keep, 0);
  const start = leadingSystemMessages(messages).length;
  const limit = Math.max(start, messages.length - keep);
  // By index, because the messages of a summary share a seq.
  const outlined = messages.map((message, seq) => ({ seq, outline: outlineOf(message as MessageEvent) }));
  const cut = groupEvents(outlined).find(({ toSeq }) => toSeq >= limit)?.fromSeq ?? limit;
  return messages.slice(start, Math.max(start, Math.min(cut, limit)));
}

/** The system messages at the beginning of a window, without summaries: instructions for the whole conversation. */
export function leadingSystemMessages(messages: readonly WindowMessage[]): WindowMessage[] {
  const end = messages.findIndex(({ role, fromSeq }) => role !== 'system' || fromSeq !== undefined);
  return messages.slice(0, end === -1 ? messages.length : end);
}
