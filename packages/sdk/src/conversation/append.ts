import { optionalInteger, requireInteger } from '../arguments.js';
import type { AppendOptions, AppendResult, EventInput, EventLike, TurnResult, Usage } from '../types.js';
import { toWireEvent } from '../wire/events.js';
import type { WireAppended, WireAppendedTurn, WireUsage } from '../wire/types.js';
import type { RemoteConversation } from '../http/remote-conversation.js';

/** Most events of one turn. */
const MAX_TURN_EVENTS = 100;

export async function appendEvent(
  conversation: RemoteConversation,
  event: EventInput | EventLike,
  options: AppendOptions,
): Promise<AppendResult> {
  const appended = await post(conversation, { event: toWireEvent(event) }, options);
  return fromWireAppended(appended as WireAppended);
}

/** Appends a turn, in the order given: all events or none. */
export async function appendTurn(
  conversation: RemoteConversation,
  events: readonly (EventInput | EventLike)[],
  options: AppendOptions,
): Promise<TurnResult> {
  const appended = await post(conversation, { events: events.map(toWireEvent) }, options);
  const turn = appended as WireAppendedTurn;
  return {
    version: turn.version,
    events: turn.events.map(fromWireAppended),
    ...(turn.deduped && { deduped: true }),
  };
}

/**
 * Appends any number of events, in turns of at most 100. Up to 100 events are appended all or none; with more, the turns before a
 * failed one stay appended.
 */
export async function appendInTurns(
  context: { append(events: readonly EventInput[]): Promise<TurnResult> },
  events: readonly EventInput[],
): Promise<void> {
  for (let start = 0; start < events.length; start += MAX_TURN_EVENTS) {
    await context.append(events.slice(start, start + MAX_TURN_EVENTS));
  }
}

function post(
  conversation: RemoteConversation,
  content: object,
  // All attempts of a call share one key, so that they append once.
  { idempotencyKey = crypto.randomUUID(), ifVersion, usage, signal }: AppendOptions,
): Promise<unknown> {
  optionalInteger('ifVersion', ifVersion, 0);
  return conversation.request({
    method: 'POST',
    path: '/events',
    body: {
      ...content,
      idempotency_key: idempotencyKey,
      if_version: ifVersion,
      usage: usage && toWireUsage(usage),
    },
    retryable: 'always',
    signal,
  });
}

function toWireUsage({ model, windowVersion, inputTokens }: Usage): WireUsage {
  requireInteger('usage.windowVersion', windowVersion, 0);
  requireInteger('usage.inputTokens', inputTokens, 1);
  return { model, window_version: windowVersion, input_tokens: inputTokens };
}

function fromWireAppended({ seq, version, token_estimate, deduped }: WireAppended): AppendResult {
  return { seq, version, tokenEstimate: token_estimate, ...(deduped && { deduped: true }) };
}
