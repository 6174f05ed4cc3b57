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

/** Whether a turn has an idempotency key, so that its batch needs `APPEND_KEYED_BATCH`. */
export function hasKeys(turns: readonly TurnToWrite[]): boolean {
  return turns.some(({ idempotencyKey }) => idempotencyKey !== undefined);
}

/**
 * The parameters of `APPEND_BATCH`, or of `APPEND_KEYED_BATCH`.
 *
 * @param groups turns of one conversation and one model, in their order
 * @param isKeyed whether a turn has an idempotency key
 */
export function batchValues(groups: readonly (readonly TurnToWrite[])[], isKeyed: boolean): unknown[] {
  const first = groups.map(([turn]) => turn as TurnToWrite);
  const events = groups.map((turns) => turns.flatMap((turn) => turn.events));
  const rows = groups.flatMap((turns, index) => eventRows(turns, index + 1));
  const values = [
    first.map(({ id }) => id.namespace),
    first.map(({ id }) => id.id),
    first.map(({ ifVersion }) => ifVersion),
    first.map(({ model }) => model),
    events.map(({ length }) => length),
    events.map(sumOfTokens),
    events.map(leadingHeadEvents),
    rows.map(({ number }) => number),
    rows.map(({ position }) => position),
    rows.map(({ event }) => event.body),
    rows.map(({ event }) => event.tokenEstimate),
    rows.map(({ tokensThrough }) => tokensThrough),
    rows.map(({ event }) => partTokensText(event)),
    rows.map(({ event }) => event.outline),
  ];
  if (!isKeyed) return values;
  return [...values, rows.map(({ key }) => key), rows.map(({ turnSize }) => turnSize)];
}

/** What `APPEND_BATCH` needs of each event of a group. @param number of the group, from 1 */
function eventRows(turns: readonly TurnToWrite[], number: number) {
  let position = 0;
  let tokensThrough = 0;
  return turns.flatMap(({ events, idempotencyKey }) =>
    events.map((event, index) => {
      position += 1;
      tokensThrough += event.tokenEstimate;
      const key = index === 0 ? idempotencyKey : undefined;
      const turnSize = key === undefined ? undefined : events.length;
      return { number, position, event, tokensThrough, key, turnSize };
    }),
  );
}

function sumOfTokens(events: readonly NewEvent[]): number {
  return events.reduce((sum, { tokenEstimate }) => sum + tokenEstimate, 0);
}

/** An array in PostgreSQL's text format. */
function partTokensText({ partTokens }: NewEvent): string | null {
  return partTokens && `{${partTokens.join(',')}}`;
}
