import { kindOf, optionalInteger } from '../arguments.js';
import type { EventInput, EventLike, LoggedEvent, Part } from '../types.js';
import type { WireFrameEvent, WireLoggedEvent } from './types.js';

/**
 * What goes over the wire. Unknown fields of the event and of its parts go as they are. What the SDK adds when it reads
 * (`seq`, `version`, `tokenEstimate`, `insertedAt`, `fromSeq`, `toSeq`) does not, so that an event of a log or a message of a
 * window can be appended again, or be part of a replacement.
 *
 * @throws TypeError there is no message in it
 */
export function toWireEvent(event: EventInput | EventLike): Record<string, unknown> {
  if (typeof event !== 'object' || (event as unknown) === null || Array.isArray(event)) {
    throw new TypeError(
      `An event is an object such as { role: 'user', content: 'Hi' }, not ${kindOf(event)}`,
    );
  }
  const { content, parts = contentParts(content), tokenCount, ...others } = event as EventInput;
  const {
    seq: _1,
    version: _2,
    tokenEstimate: _3,
    insertedAt: _4,
    fromSeq: _5,
    toSeq: _6,
    ...fields
  } = others;
  optionalInteger('tokenCount', tokenCount, 0);
  return { ...fields, parts, ...(tokenCount !== undefined && { token_count: tokenCount }) };
}

function contentParts(content: unknown): readonly Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (Array.isArray(content)) return content as Part[];
  const given = content === undefined ? 'has neither' : `has ${kindOf(content)} as content`;
  throw new TypeError(`An event needs content (a text or an array of parts) or parts; this one ${given}`);
}

/** @param at where it stands */
export function fromWireEvent(
  event: WireLoggedEvent | WireFrameEvent,
  at: { seq: number; version: number },
): LoggedEvent {
  const {
    token_estimate: tokenEstimate,
    inserted_at: insertedAt,
    token_count: tokenCount,
    ...fields
  } = event;
  return {
    ...fields,
    seq: at.seq,
    version: at.version,
    ...(tokenCount !== undefined && { tokenCount }),
    tokenEstimate,
    insertedAt,
  };
}
