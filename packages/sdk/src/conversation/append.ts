import { optionalInteger } from '../arguments.js';
import type { RemoteConversation } from './remote-conversation.js';
import type { AppendOptions, AppendResult, EventInput, EventLike, TurnResult } from '../types.js';
import type { WireAppended, WireAppendedTurn } from '../wire/types.js';
import { toWireEvent } from '../wire/events.js';

/** Appends one event. */
export async function appendEvent(
  conversation: RemoteConversation,
  event: EventInput | EventLike,
  options: AppendOptions,
): Promise<AppendResult> {
  const answer = await post(conversation, { event: toWireEvent(event) }, options);
  return fromWireAppended(answer as WireAppended);
}

/** Appends a turn, in the order given, all of it or none. */
export async function appendTurn(
  conversation: RemoteConversation,
  events: readonly (EventInput | EventLike)[],
  options: AppendOptions,
): Promise<TurnResult> {
  const answer = (await post(conversation, { events: events.map(toWireEvent) }, options)) as WireAppendedTurn;
  return {
    version: answer.version,
    events: answer.events.map(fromWireAppended),
    ...(answer.deduped && { deduped: true }),
  };
}

function post(
  conversation: RemoteConversation,
  content: object,
  // One key for all tries of a call: that is what makes them one append.
  { idempotencyKey = crypto.randomUUID(), ifVersion, signal }: AppendOptions,
): Promise<unknown> {
  optionalInteger('ifVersion', ifVersion, 0);
  return conversation.request({
    method: 'POST',
    path: '/events',
    body: { ...content, idempotency_key: idempotencyKey, if_version: ifVersion },
    repeatable: 'always',
    signal,
  });
}

function fromWireAppended({ seq, version, token_estimate, deduped }: WireAppended): AppendResult {
  return { seq, version, tokenEstimate: token_estimate, ...(deduped && { deduped: true }) };
}
