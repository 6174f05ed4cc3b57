import { toUiMessages } from '@fastpaca/messages';
import { requireInteger } from '../arguments.js';
import type { RemoteConversation } from '../http/remote-conversation.js';
import type { LoggedEvent, UIMessagesOptions, WindowMessage } from '../types.js';
import { replay } from './replay.js';

/** A `UIMessage` of the AI SDK. */
export type UIMessage = any; // eslint-disable-line @typescript-eslint/no-explicit-any -- assignable to that of every major version

/**
 * Converts events of a log, or messages of a window, to `UIMessage`s of the AI SDK: to show them, or as the initial messages of
 * `useChat`. They may have been appended in any dialect.
 *
 * The events of one answer become one message, under the id of its first event, or `seq-N`. A tool call, its approval and its result
 * become one part. Left out are withdrawn events, and what cannot be shown, such as encrypted reasoning.
 */
export function toUIMessages(events: readonly (LoggedEvent | WindowMessage)[]): UIMessage[] {
  const shown = events.filter(({ withdrawnAtVersion }) => withdrawnAtVersion === undefined);
  return toUiMessages(shown.map((event) => ({ seq: event.seq, event })));
}

/** Reads the log, or its newest events, as `UIMessage`s. @throws TypeError, RangeError the limit is invalid */
export async function readUIMessages(
  conversation: RemoteConversation,
  { limit, signal }: UIMessagesOptions,
): Promise<UIMessage[]> {
  if (limit !== undefined) requireInteger('limit', limit, 1);
  const events: LoggedEvent[] = [];
  const fromSeq = limit === undefined ? 1 : -limit;
  const options = { fromSeq, signal, withdrawn: 'exclude' as const };
  for await (const event of replay(conversation, options, () => Promise.resolve())) events.push(event);
  return toUIMessages(limit === undefined ? events : withoutPartialAnswer(events));
}

/** Events in the middle of the log may begin within an answer. Its id would be another one, and its calls would be missing. */
function withoutPartialAnswer(events: readonly LoggedEvent[]): readonly LoggedEvent[] {
  if (events[0]?.seq === 1) return events;
  const start = events.findIndex(({ role }) => role === 'user' || role === 'system' || role === 'developer');
  return start === -1 ? [] : events.slice(start);
}
