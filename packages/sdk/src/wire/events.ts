import { describeType, optionalInteger } from '../arguments.js';
import type { EventInput, EventLike, LoggedEvent } from '../types.js';
import type { WireFrameEvent, WireLoggedEvent } from './types.js';

/**
 * Converts an event to its JSON. Unknown fields of the event and its parts are sent unchanged. The fields that the SDK adds when it
 * reads (`seq`, `version`, `tokenEstimate`, `insertedAt`, `withdrawnAtVersion`, `fromSeq`, `toSeq`) are removed, so that an event of the log or a message
 * of a window can be appended again or used in a replacement.
 *
 * @throws TypeError not an event, or without content and parts
 */
export function toWireEvent(event: EventInput | EventLike): Record<string, unknown> {
  if (typeof event !== 'object' || (event as unknown) === null || Array.isArray(event)) {
    throw new TypeError(
      `An event is an object such as { role: 'user', content: 'Hi' }, not ${describeType(event)}`,
    );
  }
  const { content, parts, tokenCount, ...others } = event as EventInput;
  const {
    seq: _1,
    version: _2,
    tokenEstimate: _3,
    insertedAt: _4,
    fromSeq: _5,
    toSeq: _6,
    withdrawnAtVersion: _7,
    ...fields
  } = others;
  optionalInteger('tokenCount', tokenCount, 0);
  if (!parts) checkContent(event as EventInput);
  return {
    ...fields,
    ...(parts ? { parts } : content !== undefined && { content }),
    ...(tokenCount !== undefined && { token_count: tokenCount }),
  };
}

/** Messages of OpenAI with `tool_calls` may have `content: null` or no `content`. */
function checkContent({ content, tool_calls: toolCalls }: EventInput): void {
  const isEmpty = content === undefined || content === null;
  if (typeof content === 'string' || Array.isArray(content) || (isEmpty && Array.isArray(toolCalls))) return;
  const found = content === undefined ? 'has neither' : `has ${describeType(content)} as content`;
  throw new TypeError(`An event needs content (a text or an array of parts) or parts; this one ${found}`);
}

/** @param position the seq and version of the event, which its JSON may not contain */
export function fromWireEvent(
  event: WireLoggedEvent | WireFrameEvent,
  position: { seq: number; version: number },
): LoggedEvent {
  const {
    token_estimate: tokenEstimate,
    inserted_at: insertedAt,
    token_count: tokenCount,
    withdrawn_at_version: withdrawnAtVersion,
    ...fields
  } = event as WireLoggedEvent;
  return {
    ...fields,
    seq: position.seq,
    version: position.version,
    ...(tokenCount !== undefined && { tokenCount }),
    tokenEstimate,
    insertedAt,
    ...(withdrawnAtVersion !== undefined && { withdrawnAtVersion }),
  };
}
