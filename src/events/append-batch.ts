import type { TurnToWrite } from './event-log.repository.js';

/** Turns of one statement: more make it longer and save little. Measured: docs/performance.md. */
const MAX_TURNS = 128;
/** UTF-16 units of bodies in one statement; a turn that is larger goes alone. */
const MAX_CHARS = 1024 * 1024;

/** Turns that may go to the database in one statement. */
export class AppendBatch<Turn extends TurnToWrite> {
  readonly turns: Turn[] = [];
  private chars = 0;

  get isFull(): boolean {
    return this.turns.length >= MAX_TURNS || this.chars >= MAX_CHARS;
  }

  /**
   * Takes turns of one conversation, from the first, as many as fit.
   *
   * A guard is judged by what the conversation was before the batch, and a key by what was written before it: only the
   * first turn of a conversation may have a guard, and no two may have the same key.
   *
   * @returns how many
   */
  take(waiting: readonly Turn[]): number {
    const keys = new Set<string>();
    let taken = 0;
    for (const turn of waiting) {
      const { ifVersion, idempotencyKey } = turn;
      if (this.isFull || (taken > 0 && ifVersion !== undefined)) break;
      if (idempotencyKey !== undefined) {
        if (keys.has(idempotencyKey)) break;
        keys.add(idempotencyKey);
      }
      const chars = turn.events.reduce((sum, { body }) => sum + body.length, 0);
      if (this.turns.length > 0 && this.chars + chars > MAX_CHARS) break;
      this.turns.push(turn);
      this.chars += chars;
      taken += 1;
    }
    return taken;
  }
}
