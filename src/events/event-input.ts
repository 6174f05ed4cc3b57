import { RawJson } from '../common/http/body/raw-json.js';
import type { Part } from '@fastpaca/messages';
import type { UsageReport } from '../calibration/usage-report.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import type { ValidatedEvent } from './dto/event.schema.js';
import type { ReplacementValidator, TurnValidator } from './event-validator.js';

/**
 * An event as a caller writes it: `role`, and either `parts` or `content`, a text or a list of parts. Beside `tool_calls` of OpenAI
 * both may be missing. Other fields are stored and returned unchanged.
 */
export interface EventObject {
  role: ValidatedEvent['role'];
  parts?: readonly Part[] | null;
  content?: string | readonly Part[] | null;
  id?: string | null;
  metadata?: Readonly<Record<string, unknown>> | null;
  /** The caller's own count, used as the token estimate. */
  token_count?: number | null;
  /** If true, no policy and no budget drops the event from a window; at most 256 events of a conversation. */
  pinned?: boolean | null;
  [field: string]: unknown;
}

/**
 * An event to append, or a message that replaces a compacted range: an object, or JSON text that is stored as it was
 * sent. A `RawJson` must have been validated, as the field of a DTO is; an object is validated by the service.
 */
export type EventInput = EventObject | RawJson;

/** One event, or several that are appended together. */
export interface NewTurn {
  /** 1 to 100. */
  events: readonly EventInput[];
  /** The version that the caller believes current; undefined skips the check. */
  ifVersion?: number | undefined;
  /** Makes a retry safe: a turn is stored once per key and conversation. */
  idempotencyKey?: string | undefined;
  /** What the provider counted for the window that this turn answers. It is processed later, and only if the turn is written. */
  usage?: UsageReport | undefined;
}

/**
 * The events as JSON text, after the validation of those that are objects.
 *
 * @param path name of the list in the violations
 * @throws InvalidPayloadError (400)
 */
export function validatedJson(
  events: readonly EventInput[],
  path: string,
  validator: TurnValidator | ReplacementValidator,
): readonly RawJson[] {
  if (events.length > 0 && events.every((event) => event instanceof RawJson)) return events;
  const json = events.map((event) => RawJson.of(event));
  const violations = [
    ...validator.violations(
      json.map(({ value }) => value),
      path,
    ),
  ];
  if (violations.length) throw new InvalidPayloadError(violations);
  return json;
}
