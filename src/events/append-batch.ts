import type { TurnToWrite } from './turn-to-write.js';
import { hasPinnedEvents } from './pins.js';

/** Turns of one statement: more make it longer and save little. Measured: docs/performance.md. */
const MAX_TURNS = 128;
/** UTF-16 units of bodies in one statement; a larger turn is written alone. */
const MAX_CHARS = 1024 * 1024;

/**
 * Turns that one `APPEND_BATCH` may write. The statement checks the version and the keys of a conversation once, against its log
 * as it was before the batch. So only the first turn of a conversation may have `ifVersion`, and no two of its turns may have the
 * same key. A turn with pinned events is written alone, by the statement for one turn.
 */
export class AppendBatch<Turn extends TurnToWrite> {
  readonly turns: Turn[] = [];
  private chars = 0;
  /** By conversation: the idempotency keys of its turns in this batch. */
  private readonly keys = new Map<string, Set<string>>();
  /** Conversations with a turn that was not added. Later turns of them must not overtake it. */
  private readonly closed = new Set<string>();

  /** @returns false if the turn has to wait for a later batch; then all later turns of its conversation have to */
  add(turn: Turn): boolean {
    const conversation = turn.id.key;
    if (this.turns.length >= MAX_TURNS || this.closed.has(conversation)) return false;
    if (!this.fits(turn) || !this.isDecidable(turn)) {
      this.closed.add(conversation);
      return false;
    }
    const keys = this.keys.get(conversation) ?? new Set();
    if (turn.idempotencyKey !== undefined) keys.add(turn.idempotencyKey);
    this.keys.set(conversation, keys);
    this.turns.push(turn);
    this.chars += charsOf(turn);
    return true;
  }

  private fits(turn: Turn): boolean {
    const [first] = this.turns;
    if (!first) return true;
    return (
      this.chars + charsOf(turn) <= MAX_CHARS &&
      !hasPinnedEvents(first.events) &&
      !hasPinnedEvents(turn.events)
    );
  }

  /** Whether no turn before it in the batch can change how its version and its key are judged. */
  private isDecidable({ id, ifVersion, idempotencyKey }: Turn): boolean {
    const keys = this.keys.get(id.key);
    if (!keys) return true;
    return ifVersion === undefined && (idempotencyKey === undefined || !keys.has(idempotencyKey));
  }
}

function charsOf({ events }: TurnToWrite): number {
  return events.reduce((sum, { body }) => sum + body.length, 0);
}
