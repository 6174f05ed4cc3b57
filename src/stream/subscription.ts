import { frame, type Frame } from './frames.js';

/** The way to one reader, whatever the transport. */
export interface StreamTransport {
  /** Hands a frame to the transport, which keeps what the reader has not taken yet. */
  send(frame: Frame): void;
  /** Bytes handed over and not yet taken. */
  bufferedBytes(): number;
  /** Ends the connection after what is buffered, or soon if that is not taken; codes are those of websockets. */
  close(code: number, reason: string): void;
}

/** Codes of a close: https://www.iana.org/assignments/websocket; 4000 and above are ours. */
export const CLOSE = { done: 1000, goingAway: 1001, overloaded: 1013, notFound: 4404, idle: 4408 } as const;

/** How long a reader has to take the last of what it was sent and its close, in milliseconds; then it is cut off. */
export const CLOSE_TIMEOUT_MS = 1000;

/** What a reader may have untaken and still be sent more, in bytes. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** One reader of one conversation, and where it is. Versions never go back, but for a reset. */
export class Subscription {
  /** The last version that was sent, or left out and named. */
  version: number;
  private windowVersion = -1;
  private open = true;

  constructor(
    private readonly outlet: StreamTransport,
    private readonly includeEvents: boolean,
    version: number,
  ) {
    this.version = version;
  }

  get isOpen(): boolean {
    return this.open;
  }

  /** Bytes the reader has not taken yet. */
  get bufferedBytes(): number {
    return this.outlet.bufferedBytes();
  }

  /** Whether the reader has as much to take as it may have. */
  get isFull(): boolean {
    return this.bufferedBytes > MAX_BUFFERED_BYTES;
  }

  /** Sends the change that made a version, unless the reader is past it. */
  sendChange(change: Frame): void {
    if (change.version <= this.version) return;
    this.version = change.version;
    if (change.type !== 'event' || this.includeEvents) this.send(change);
  }

  /** Sends the window of a version, unless the reader has moved on or has it. @param again even if it has one */
  sendWindow(window: Frame, again = false): void {
    if (window.version < this.version || (window.version === this.windowVersion && !again)) return;
    this.windowVersion = window.version;
    this.send(window);
  }

  /** Says that the log is another one now, at this version: what the reader has of it may not be there any more. */
  sendReset(version: number): void {
    this.version = version;
    this.windowVersion = -1;
    this.send(frame('reset', { version }));
  }

  /** Says that the reader's cursor is ahead of the conversation; it goes on from where the conversation is. */
  sendCursorAhead(version: number): void {
    const expected = this.version + 1;
    this.version = version;
    this.send(frame('gap', { version, expected, actual: version, reason: 'cursor_ahead' }));
  }

  /** Names the versions that were left out because the reader was too slow; it goes on after them. */
  sendSkipped(version: number): void {
    const expected = this.version + 1;
    if (version < expected) return;
    this.version = version;
    this.send(frame('gap', { version, expected, actual: version, reason: 'slow_reader' }));
  }

  sendPing(): void {
    if (!this.isFull) this.send(frame('ping', { version: this.version }));
  }

  /** Says that the conversation was deleted, and ends. */
  sendTombstoned(version: number): void {
    this.send(frame('tombstoned', { version }));
    this.close(CLOSE.done, 'the conversation is deleted');
  }

  close(code: number, reason: string): void {
    if (!this.open) return;
    this.open = false;
    this.outlet.close(code, reason);
  }

  /** The connection has ended by itself. */
  gone(): void {
    this.open = false;
  }

  private send(next: Frame): void {
    if (this.open) this.outlet.send(next);
  }
}
