import { firstString, isObject, type Part } from '../event.js';
import { joinedText } from '../render/system-text.js';
import { UniqueIds } from '../unique-ids.js';
import type { WindowEvent } from '../window-event.js';
import { pairTools, readWindow, type ReadMessage } from '../window-items.js';
import { AnswerParts } from './answer-parts.js';
import { Approvals } from '../approvals.js';
import { contentPart } from './content-parts.js';

/** A `UIMessage` of the AI SDK. */
export interface UiMessage {
  id: string;
  role: 'system' | 'user' | 'assistant';
  metadata?: unknown;
  parts: Part[];
}

/**
 * Converts events to `UIMessage`s of the AI SDK, to show a history or to load it into `useChat`. Events may be in any dialect.
 *
 * - Consecutive messages of the model and the tool results between them become one message, with a `step-start` between two steps.
 *   Messages that have ids of their own stay apart, unless tool results stand between them.
 * - A tool call, its approval and its result become one part. A call without a result stays open: `input-available`.
 * - The id of a message is that of its first event, or `seq-N` if that event has no id.
 *
 * Left out is only what cannot be shown: results without a call, encrypted reasoning, parts of unknown types.
 */
export function toUiMessages(events: readonly WindowEvent[]): UiMessage[] {
  const read = readWindow(events);
  const answers = new AnswerParts(pairTools(read), new Approvals(read));
  const messages: UiMessage[] = [];
  // User interfaces need unique ids, but the messages of one summary share a seq, and callers may repeat an id.
  const uniqueIds = new UniqueIds('-');
  let answer: Answer | undefined;
  for (const message of read) {
    const { role } = message.event;
    if (role === 'assistant') {
      if (!answer || startsAnswer(message, answer)) {
        answer = new Answer(message);
        messages.push(answer.message);
      }
      answer.add(message, answers.of(message));
      continue;
    }
    if (answer && isResultOnly(message)) answer.endStep();
    else if (role !== 'tool') {
      answer = undefined;
      messages.push(plainMessage(message));
    }
  }
  return messages
    .filter(({ parts }) => parts.some(({ type }) => type !== 'step-start'))
    .map((message) => ({ ...message, id: uniqueIds.add(message.id) }));
}

/** A message of the model that grows with each event of the answer. */
class Answer {
  readonly message: UiMessage;
  /** The newest id of an event of the answer; undefined if none of its events has an id. */
  lastId: string | undefined;
  hasEndedStep = false;

  constructor(first: ReadMessage) {
    this.message = { id: idOf(first), role: 'assistant', parts: [] };
  }

  add({ event }: ReadMessage, parts: readonly Part[]): void {
    this.lastId = firstString(event.id) ?? this.lastId;
    const { message } = this;
    if (isObject(event.metadata)) message.metadata = { ...(message.metadata as object), ...event.metadata };
    if (parts.length === 0) return;
    if (this.hasEndedStep && parts[0]?.type !== 'step-start') message.parts.push({ type: 'step-start' });
    message.parts.push(...parts);
    this.hasEndedStep = parts.slice(-1).some(hasResult);
  }

  /** Tool results end a step: the next parts come from another request to the model. */
  endStep(): void {
    this.hasEndedStep = true;
  }
}

function startsAnswer({ event }: ReadMessage, { lastId, hasEndedStep }: Answer): boolean {
  const id = firstString(event.id);
  return !hasEndedStep && id !== undefined && lastId !== undefined && id !== lastId;
}

/** A part with a result ends a step, unless the provider has executed the tool in the middle of its answer. */
function hasResult({ state, providerExecuted }: Part): boolean {
  return typeof state === 'string' && state.startsWith('output-') && providerExecuted !== true;
}

function isResultOnly({ items, event }: ReadMessage): boolean {
  return event.role === 'tool' || (items.length > 0 && items.every(({ kind }) => kind === 'result'));
}

function plainMessage(message: ReadMessage): UiMessage {
  const { event, items } = message;
  const isUser = event.role === 'user';
  const text = joinedText(items);
  const systemParts = text === '' ? [] : [{ type: 'text', text }];
  return {
    id: idOf(message),
    role: isUser ? 'user' : 'system',
    ...(isObject(event.metadata) && { metadata: event.metadata }),
    parts: isUser ? items.map(contentPart).filter((part) => part !== undefined) : systemParts,
  };
}

function idOf({ event, seq }: ReadMessage): string {
  return firstString(event.id) ?? `seq-${seq}`;
}
