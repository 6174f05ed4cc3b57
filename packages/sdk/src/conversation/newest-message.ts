import { newToolParts, type UiMessage } from '@fastpaca/messages';
import { describeType } from '../arguments.js';
import type { AppendNewestOptions, AppendResult, EventInput } from '../types.js';
import { appendEvent } from './append.js';
import type { RemoteConversation } from '../http/remote-conversation.js';
import { readUIMessages } from './ui-messages.js';
import { withdrawMessage } from './withdraw.js';

/** Events that are read to find the calls that a client answers: those of at least one answer. */
const RECENT_EVENTS = 100;

/**
 * Appends what a request of `useChat` adds to the conversation. Earlier messages of the request are not used: the log has them.
 *
 * @returns null if the request adds nothing
 * @throws TypeError not the messages of `useChat`
 */
export async function appendNewest(
  conversation: RemoteConversation,
  messages: unknown,
  { messageId }: AppendNewestOptions,
): Promise<AppendResult | null> {
  const newest = newestMessage(messages);
  if (newest.role === 'user') {
    const { id, role, parts, metadata } = newest;
    const event = { id, role, parts, ...(metadata !== undefined && { metadata }) } as EventInput;
    // An edited message keeps its id. It is another event, so it must not have the key of the first one.
    const isEdited = messageId !== undefined && (await withdrawMessage(conversation, messageId)) !== null;
    if (isEdited) return appendEvent(conversation, event, {});
    // `useChat` may send a message again after a failed request.
    return appendEvent(conversation, event, { idempotencyKey: `message ${id}` });
  }
  const stored = ((await readUIMessages(conversation, { limit: RECENT_EVENTS })) as UiMessage[]).at(-1);
  const parts = stored ? answersOf(newest, stored) : [];
  return parts.length > 0 ? appendEvent(conversation, { role: 'tool', parts }, {}) : null;
}

/** What the user decides and what tools in the browser return. Only calls that are open in the log can be answered. */
function answersOf(sent: UiMessage, stored: UiMessage): UiMessage['parts'] {
  const isOpen = new Set(
    stored.parts.filter(({ state }) => state === 'input-available').map(({ toolCallId }) => toolCallId),
  );
  const { responses, results } = newToolParts(stored, sent);
  return [...responses, ...results.filter(({ toolCallId }) => isOpen.has(toolCallId))];
}

function newestMessage(messages: unknown): UiMessage {
  const newest = Array.isArray(messages) ? (messages.at(-1) as Partial<UiMessage> | undefined) : undefined;
  const isMessage =
    typeof newest === 'object' &&
    typeof newest.id === 'string' &&
    newest.id !== '' &&
    Array.isArray(newest.parts) &&
    (newest.role === 'user' || newest.role === 'assistant');
  if (!isMessage) {
    throw new TypeError(
      `appendNewest takes the messages of a request of useChat, with a newest one of the user or the assistant; this is ${describeType(newest ?? messages)}`,
    );
  }
  return newest as UiMessage;
}
