import type { Change } from '../types.js';

/**
 * How far a watch has come. A new connection starts with the current window and may repeat changes that the last connection sent, so
 * the position decides which changes are new.
 */
export class WatchPosition {
  #cursor: number;
  #lastWindow?: string;
  /** Set until the first window, and only without a cursor of the caller: a window of this version is not news. */
  #startVersion?: number;

  private constructor(cursor: number) {
    this.#cursor = cursor;
  }

  /** After this version: everything later is new. */
  static after(version: number): WatchPosition {
    return new WatchPosition(version);
  }

  /** Now, at this version of the conversation: only what changes later is new. */
  static now(version: number): WatchPosition {
    const position = new WatchPosition(version);
    position.#startVersion = version;
    return position;
  }

  /** The version after which a new connection continues. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Moves to the change. @returns false, without moving, if the change is not new */
  advance(change: Change): boolean {
    if (!this.#isNew(change)) return false;
    this.#cursor = change.version;
    return true;
  }

  #isNew(change: Change): boolean {
    switch (change.type) {
      case 'event':
      case 'compaction':
        return change.version > this.#cursor;
      case 'window':
        return this.#isNewWindow(change);
      case 'reset':
      case 'gap':
      case 'tombstoned':
        return true;
    }
  }

  #isNewWindow(change: Change): boolean {
    const window = JSON.stringify(change);
    const isKnown = window === this.#lastWindow || change.version === this.#startVersion;
    this.#lastWindow = window;
    this.#startVersion = undefined;
    return !isKnown && change.version >= this.#cursor;
  }
}
