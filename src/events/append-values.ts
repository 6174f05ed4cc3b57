import type { TurnToWrite } from './turn-to-write.js';
import type { NewEvent } from './event-normalizer.js';
import { leadingHeadEvents, pinnedIndexes } from './pins.js';

/** The parameters of `APPEND_EVENT`. */
export function eventValues(turn: TurnToWrite, event: NewEvent): unknown[] {
  const { id, ifVersion, idempotencyKey, model } = turn;
  return [
    id.namespace,
    id.id,
    ifVersion,
    event.body,
    event.tokenEstimate,
    partTokensText(event),
    idempotencyKey,
    event.outline,
    model,
    leadingHeadEvents([event]),
  ];
}

/** The parameters of `APPEND_TURN`. */
export function turnValues({ id, events, ifVersion, idempotencyKey, model }: TurnToWrite): unknown[] {
  return [
    id.namespace,
    id.id,
    ifVersion,
    events.length,
    sumOfTokens(events),
    events.map(({ body }) => body),
    events.map(({ tokenEstimate }) => tokenEstimate),
    events.map(partTokensText),
    idempotencyKey,
    events.map(({ outline }) => outline),
    model,
    leadingHeadEvents(events),
  ];
}

/** The parameters of `APPEND_PINNED_TURN`. */
export function pinnedTurnValues(turn: TurnToWrite): unknown[] {
  return [...turnValues(turn), pinnedIndexes(turn.events).map((index) => index + 1)];
}

/** The parameters of `APPEND_BATCH`. */
export function batchValues(turns: readonly TurnToWrite[]): unknown[] {
  const conversations = new Map(turns.map(({ id }) => [id.key, id]));
  const numbers = new Map([...conversations.keys()].map((key, index) => [key, index + 1]));
  const ids = [...conversations.values()];
  const events = turns.flatMap(({ events }, turnIndex) => {
    let tokensThrough = 0;
    return events.map((event, index) => {
      tokensThrough += event.tokenEstimate;
      return { turnNumber: turnIndex + 1, position: index + 1, event, tokensThrough };
    });
  });
  return [
    ids.map(({ namespace }) => namespace),
    ids.map(({ id }) => id),
    turns.map(({ id }) => numbers.get(id.key)),
    turns.map(({ ifVersion }) => ifVersion),
    turns.map(({ idempotencyKey }) => idempotencyKey),
    turns.map(({ events }) => events.length),
    turns.map(({ events }) => sumOfTokens(events)),
    events.map(({ turnNumber }) => turnNumber),
    events.map(({ position }) => position),
    events.map(({ event }) => event.body),
    events.map(({ event }) => event.tokenEstimate),
    events.map(({ tokensThrough }) => tokensThrough),
    events.map(({ event }) => partTokensText(event)),
    events.map(({ event }) => event.outline),
    turns.map(({ model }) => model),
    turns.map(({ events }) => leadingHeadEvents(events)),
  ];
}

function sumOfTokens(events: readonly NewEvent[]): number {
  return events.reduce((sum, { tokenEstimate }) => sum + tokenEstimate, 0);
}

/** An array in PostgreSQL's text format. */
function partTokensText({ partTokens }: NewEvent): string | null {
  return partTokens && `{${partTokens.join(',')}}`;
}
