import { beforeEach, describe, expect, it } from '@jest/globals';
import { frame, type Frame } from '../frames.js';
import { CLOSE, type StreamTransport } from '../stream-transport.js';
import { Subscription } from './subscription.js';

class FakeTransport implements StreamTransport {
  readonly frames: any[] = [];
  closed: number | undefined;
  buffered = 0;

  send({ bytes }: Frame): void {
    this.frames.push(JSON.parse(bytes.toString()));
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  close(code: number): void {
    this.closed = code;
  }
}

const event = (version: number) => frame('event', { version, seq: version, event: {} as never });
const compaction = (version: number) => frame('compaction', { version, range: { from_seq: 1, to_seq: 1 } });
const window = (version: number) => frame('window', { version, needs_compaction: false, used_tokens: 0 });

describe('Subscription', () => {
  let transport: FakeTransport;
  let subscription: Subscription;
  beforeEach(() => {
    transport = new FakeTransport();
    subscription = new Subscription(transport, true, 5);
  });
  const sent = () => transport.frames.map(({ type, version }) => `${type} ${version}`);

  it('sends each change once, and no change up to the version of the reader', () => {
    for (const version of [4, 5, 6, 6, 7, 5]) subscription.sendChange(event(version));
    expect(sent()).toEqual(['event 6', 'event 7']);
  });

  it('sends the window of a version once unless resend is set, and never the window of an earlier version', () => {
    subscription.sendWindow(window(5), { resend: false });
    subscription.sendWindow(window(5), { resend: false });
    subscription.sendWindow(window(5), { resend: true });
    subscription.sendChange(event(6));
    subscription.sendWindow(window(5), { resend: true });
    subscription.sendWindow(window(6), { resend: false });
    expect(sent()).toEqual(['window 5', 'window 5', 'event 6', 'window 6']);
  });

  it('omits only events if they are excluded, and still advances its version', () => {
    subscription = new Subscription(transport, false, 5);
    subscription.sendChange(event(6));
    subscription.sendWindow(window(5), { resend: false });
    subscription.sendChange(compaction(7));
    expect(sent()).toEqual(['compaction 7']);
    expect(subscription.version).toBe(7);
  });

  it('sends a gap with the skipped versions, and no gap if it skipped none', () => {
    subscription.sendSlowReaderGap(5);
    expect(transport.frames).toEqual([]);
    subscription.sendSlowReaderGap(9);
    expect(transport.frames).toEqual([
      { type: 'gap', version: 9, expected: 6, actual: 9, reason: 'slow_reader' },
    ]);
    subscription.sendChange(event(9));
    subscription.sendChange(event(10));
    expect(sent()).toEqual(['gap 9', 'event 10']);
  });

  it('continues from the version of the conversation when the cursor is ahead of it', () => {
    subscription.sendCursorAheadGap(2);
    subscription.sendChange(event(3));
    expect(transport.frames[0]).toEqual({
      type: 'gap',
      version: 2,
      expected: 6,
      actual: 2,
      reason: 'cursor_ahead',
    });
    expect(sent()).toEqual(['gap 2', 'event 3']);
  });

  it('sends no ping while the buffer of its transport is full', () => {
    transport.buffered = 100 * 1024 * 1024;
    subscription.sendPing();
    expect(transport.frames).toEqual([]);
    transport.buffered = 0;
    subscription.sendPing();
    expect(transport.frames).toEqual([{ type: 'ping', version: 5 }]);
  });

  it('closes once, and sends nothing afterwards', () => {
    subscription.sendTombstoned(5);
    subscription.close(CLOSE.goingAway, '');
    subscription.sendChange(event(6));
    subscription.sendPing();
    expect(sent()).toEqual(['tombstoned 5']);
    expect(transport.closed).toBe(CLOSE.done);
  });

  it('does not close a connection that has already ended', () => {
    subscription.markDisconnected();
    subscription.close(CLOSE.idle, '');
    expect(transport.closed).toBeUndefined();
  });
});
