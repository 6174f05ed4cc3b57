import { outlineOf } from '@fastpaca/messages';
import { optionalInteger, requireInteger } from '../arguments.js';
import type { RemoteConversation } from '../http/remote-conversation.js';
import type { CompactResult, LoggedEvent, RegenerateOptions, Withdrawal } from '../types.js';
import { sendCompaction, withWholeSummary } from './compact.js';
import { newestFirst } from './replay.js';
import { retryOnVersionMismatch } from './retry-on-version-mismatch.js';

/** Takes events out of the windows. */
export function withdraw(
  conversation: RemoteConversation,
  { fromSeq, toSeq, ifVersion }: Withdrawal,
): Promise<CompactResult> {
  requireInteger('fromSeq', fromSeq, 1);
  optionalInteger('toSeq', toSeq, 1);
  optionalInteger('ifVersion', ifVersion, 0);
  return withWholeSummary(conversation, { fromSeq, toSeq, ifVersion }, (range) =>
    sendCompaction(conversation, '/withdraw', {
      from_seq: range.fromSeq,
      to_seq: range.toSeq,
      if_version: range.ifVersion,
    }),
  );
}

/**
 * Withdraws the newest answer, or the one that `messageId` names, with everything after it.
 *
 * @returns null if there is no such answer
 */
export function regenerate(
  conversation: RemoteConversation,
  { messageId }: RegenerateOptions,
): Promise<CompactResult | null> {
  const isSearched = (event: LoggedEvent) =>
    messageId === undefined ? startsTurn(event) : hasMessageId(event, messageId);
  return withdrawFrom(conversation, isSearched, (event) =>
    event.role === 'user' ? event.seq + 1 : event.seq,
  );
}

/**
 * Withdraws a message of the user with everything after it.
 *
 * @returns null if there is no such message
 */
export function withdrawMessage(
  conversation: RemoteConversation,
  messageId: string,
): Promise<CompactResult | null> {
  const isSearched = (event: LoggedEvent) => event.role === 'user' && hasMessageId(event, messageId);
  return withdrawFrom(conversation, isSearched, ({ seq }) => seq);
}

/**
 * Withdraws the end of the log: from the newest event on that is searched for.
 *
 * @param startOf the first seq of the range
 * @throws ConflictError the conversation changed during every attempt
 */
function withdrawFrom(
  conversation: RemoteConversation,
  isSearched: (event: LoggedEvent) => boolean,
  startOf: (event: LoggedEvent) => number,
): Promise<CompactResult | null> {
  return retryOnVersionMismatch(async () => {
    const { lastSeq, version } = await conversation.get();
    let isFollowed = false;
    for await (const event of newestFirst(conversation, lastSeq)) {
      if (isSearched(event)) {
        const fromSeq = startOf(event);
        // Events after it may be withdrawn already.
        if (fromSeq > event.seq && !isFollowed) return null;
        return withdraw(conversation, { fromSeq, toSeq: lastSeq, ifVersion: version });
      }
      isFollowed = true;
    }
    return null;
  });
}

/** Whether an event is a message of the user that is more than tool results. */
function startsTurn(event: LoggedEvent): boolean {
  return event.role === 'user' && outlineOf(event).startsTurn;
}

/** Whether a `UIMessage` that begins with this event has the id, see `toUIMessages`. */
function hasMessageId({ id, seq }: LoggedEvent, messageId: string): boolean {
  return id === undefined || id === '' ? messageId === `seq-${seq}` : id === messageId;
}
