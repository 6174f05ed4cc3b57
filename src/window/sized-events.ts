import type { EventWithTotal } from '../events/stored-event.js';
import type { RemainingBudget } from './budget-fit.js';
import type { SizedEvent } from './live-group.js';
import type { StoredLiveEvent } from './log-timeline.js';
import { eventMessage } from './window-message.js';

/** A whole event. */
export function sizedStoredEvent(event: EventWithTotal): SizedEvent {
  const { seq, tokenEstimate: tokens, tokensThrough } = event;
  const message = eventMessage(event, tokens);
  return { seq, outline: message.outline, tokens, tokensBefore: tokensThrough - tokens, message };
}

/** What a policy has left of an event, without its text. */
export function sizedLiveEvent({ seq, outline, tokens, stored }: StoredLiveEvent): SizedEvent {
  return { seq, outline, tokens, tokensBefore: stored.tokensThrough - stored.tokenEstimate };
}

/** What a policy has left of an event; with its text if it is the next older event that fits. */
export function sizedWithin(event: StoredLiveEvent, remaining: RemainingBudget): SizedEvent {
  const fits = remaining.take(event.tokens, Buffer.byteLength(event.stored.body));
  return { ...sizedLiveEvent(event), message: fits ? event.toMessage() : undefined };
}
