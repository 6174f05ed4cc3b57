import { frame, type Frame } from '../frames.js';
import { CLOSE, type StreamTransport } from '../stream-transport.js';

/** How much may be buffered for a reader that is still sent more, in bytes. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** One reader of one conversation, and the version it has reached. Versions never decrease, except by a reset. */
export class Subscription {
  /** The last version that was sent, or that a `gap` named as left out. */
  version: number;
  private windowVersion = -1;
  private open = true;

  /** @param version the reader's cursor: the first change to be sent is the one after it */
  constructor(
    private readonly transport: StreamTransport,
    private readonly includeEvents: boolean,
    version: number,
  ) {
    this.version = version;
  }

  get isOpen(): boolean {
    return this.open;
  }

  get bufferedBytes(): number {
    return this.transport.bufferedBytes();
  }

  /** Whether so much is buffered that nothing more should be sent for now. */
  get isFull(): boolean {
    return this.bufferedBytes > MAX_BUFFERED_BYTES;
  }

  /** Sends a change, unless the reader has already reached its version. */
  sendChange(change: Frame): void {
    if (change.version <= this.version) return;
    this.version = change.version;
    if (change.type !== 'event' || this.includeEvents) this.send(change);
  }

  /**
   * Sends the window of a version, unless the reader has passed that version or already has its window.
   *
   * @param resend send it even if the reader has a window of this version
   */
  sendWindow(window: Frame, { resend }: { resend: boolean }): void {
    if (window.version < this.version || (window.version === this.windowVersion && !resend)) return;
    this.windowVersion = window.version;
    this.send(window);
  }

  /** Says that another log has replaced this one: what the reader has received may no longer exist. */
  sendReset(version: number): void {
    this.version = version;
    this.windowVersion = -1;
    this.send(frame('reset', { version }));
  }

  /** Says that the reader's cursor is ahead of the conversation; the stream continues after `version`. */
  sendCursorAheadGap(version: number): void {
    const expected = this.version + 1;
    this.version = version;
    this.send(frame('gap', { version, expected, actual: version, reason: 'cursor_ahead' }));
  }

  /** Names the versions that are left out because the reader is too slow; the stream continues after `version`. */
  sendSlowReaderGap(version: number): void {
    const expected = this.version + 1;
    if (version < expected) return;
    this.version = version;
    this.send(frame('gap', { version, expected, actual: version, reason: 'slow_reader' }));
  }

  sendPing(): void {
    if (!this.isFull) this.send(frame('ping', { version: this.version }));
  }

  /** Says that the conversation was deleted, and closes. */
  sendTombstoned(version: number): void {
    this.send(frame('tombstoned', { version }));
    this.close(CLOSE.done, 'the conversation is deleted');
  }

  close(code: number, reason: string): void {
    if (!this.open) return;
    this.open = false;
    this.transport.close(code, reason);
  }

  /** The connection has ended: nothing is sent from now on, and there is nothing left to close. */
  markDisconnected(): void {
    this.open = false;
  }

  private send(next: Frame): void {
    if (this.open) this.transport.send(next);
  }
}
