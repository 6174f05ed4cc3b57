import { mapInTurns } from '../common/in-turns.js';
import type { EventWithTotal } from './stored-event.js';

/**
 * Events as one row of large values, see `PACKED_EVENTS`: a row per event costs PostgreSQL, the connection and Node.js several times
 * as much. All values are null if there is no event.
 */
export interface PackedEvents {
  /** The bodies, with a separator between two. */
  bodies: string | null;
  /** As `bodies`; empty for null. */
  outlines: string | null;
  /** As `bodies`, each as an array of PostgreSQL; empty for null. */
  partTokens: string | null;
  /** The other fields of each event, in `NUMBERS_BYTES`. */
  numbers: Buffer | null;
}

/** RFC 7464 chose this character to separate JSON texts: none of them contains it, because strings escape control characters. */
const SEPARATOR = '\x1e';

/** As int8: seq, version, running token total, microseconds since 2000. As int4: tokens. Big-endian. */
const NUMBERS_BYTES = 36;
const INT4_UNITS = 2 ** 32;
/** PostgreSQL counts its timestamps from 2000-01-01. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const MICROS_PER_MS = 1000;

/**
 * The events of a row, in its order.
 *
 * Their texts share the memory of the row. Whoever keeps only some of them must copy these, see `copiedEvent`.
 */
export function unpackEvents(packed: PackedEvents): EventWithTotal[] {
  const { texts, toEvent } = packedTexts(packed);
  return texts.map(toEvent);
}

/** As `unpackEvents`, in several turns of the event loop if there are many. */
export function unpackInTurns(packed: PackedEvents): Promise<EventWithTotal[]> {
  const { texts, toEvent } = packedTexts(packed);
  return mapInTurns(texts, toEvent);
}

/** The bodies of the events, and what makes the event from a body and its index. */
function packedTexts({ bodies, outlines, partTokens, numbers }: PackedEvents) {
  if (bodies === null || outlines === null || partTokens === null || numbers === null)
    return { texts: [], toEvent: noEvent };
  const outlineTexts = outlines.split(SEPARATOR);
  const view = new DataView(numbers.buffer, numbers.byteOffset, numbers.length);
  const eventTexts = bodies.split(SEPARATOR);
  // Usually all are null: then only separators are left.
  const partTexts = partTokens.length < eventTexts.length ? undefined : partTokens.split(SEPARATOR);
  let insertedAt = new Date(NaN);
  const toEvent = (body: string, index: number): EventWithTotal => {
    const outline = outlineTexts[index] as string;
    const start = index * NUMBERS_BYTES;
    const insertedAtMs = EPOCH_MS + int8(view, start + 24) / MICROS_PER_MS;
    // The events of a turn have the same time.
    if (insertedAt.getTime() !== insertedAtMs) insertedAt = new Date(insertedAtMs);
    return {
      seq: int8(view, start),
      version: int8(view, start + 8),
      body,
      tokenEstimate: view.getInt32(start + 32),
      partTokens: intArray(partTexts?.[index]),
      outline: outline === '' ? null : outline,
      insertedAt,
      tokensThrough: int8(view, start + 16),
      message: undefined,
    };
  };
  return { texts: eventTexts, toEvent };
}

function noEvent(): never {
  throw new Error('a row without texts has no events');
}

/** The same event with texts of its own. */
export function copiedEvent(event: EventWithTotal): EventWithTotal {
  const { body, outline } = event;
  return { ...event, body: copied(body), outline: outline && copied(outline), message: undefined };
}

/** V8 keeps the whole text that a part was sliced from. */
function copied(text: string): string {
  return Buffer.from(text).toString();
}

function int8(view: DataView, offset: number): number {
  return view.getInt32(offset) * INT4_UNITS + view.getUint32(offset + 4);
}

/** @param text for example `{1,2}` */
function intArray(text: string | undefined): number[] | null {
  return text ? (JSON.parse(`[${text.slice(1, -1)}]`) as number[]) : null;
}
