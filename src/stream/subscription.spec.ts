import { beforeEach, describe, expect, it } from '@jest/globals';
import { frame, type Frame } from './frames.js';
import { CLOSE, Subscription, type StreamTransport } from './subscription.js';

class Taker implements StreamTransport {
  readonly frames: any[] = [];
  closed: number | undefined;
  untakenBytes = 0;

  send({ bytes }: Frame): void {
    this.frames.push(JSON.parse(bytes.toString()));
  }

  bufferedBytes(): number {
    return this.untakenBytes;
  }

  close(code: number): void {
    this.closed = code;
  }
}

const event = (version: number) => frame('event', { version, seq: version, event: {} });
const compaction = (version: number) => frame('compaction', { version, range: { from_seq: 1, to_seq: 1 } });
const window = (version: number) => frame('window', { version, needs_compaction: false, used_tokens: 0 });

describe('a subscription', () => {
  let taker: Taker;
  let subscription: Subscription;
  beforeEach(() => {
    taker = new Taker();
    subscription = new Subscription(taker, true, 5);
  });
  const sent = () => taker.frames.map(({ type, version }) => `${type} ${version}`);

  it('sends each change once, and none that the reader is past', () => {
    for (const version of [4, 5, 6, 6, 7, 5]) subscription.sendChange(event(version));
    expect(sent()).toEqual(['event 6', 'event 7']);
  });

  it('sends the window of a version once, unless it has changed, and never one of the past', () => {
    subscription.sendWindow(window(5));
    subscription.sendWindow(window(5));
    subscription.sendWindow(window(5), true);
    subscription.sendChange(event(6));
    subscription.sendWindow(window(5), true);
    subscription.sendWindow(window(6));
    expect(sent()).toEqual(['window 5', 'window 5', 'event 6', 'window 6']);
  });

  it('leaves out events only, and moves on all the same', () => {
    subscription = new Subscription(taker, false, 5);
    subscription.sendChange(event(6));
    subscription.sendWindow(window(5));
    subscription.sendChange(compaction(7));
    expect(sent()).toEqual(['compaction 7']);
    expect(subscription.version).toBe(7);
  });

  it('names what it skipped, and nothing where nothing was skipped', () => {
    subscription.sendSkipped(5);
    expect(taker.frames).toEqual([]);
    subscription.sendSkipped(9);
    expect(taker.frames).toEqual([
      { type: 'gap', version: 9, expected: 6, actual: 9, reason: 'slow_reader' },
    ]);
    subscription.sendChange(event(9));
    subscription.sendChange(event(10));
    expect(sent()).toEqual(['gap 9', 'event 10']);
  });

  it('goes back to where the conversation is when the cursor is ahead of it', () => {
    subscription.sendCursorAhead(2);
    subscription.sendChange(event(3));
    expect(taker.frames[0]).toEqual({
      type: 'gap',
      version: 2,
      expected: 6,
      actual: 2,
      reason: 'cursor_ahead',
    });
    expect(sent()).toEqual(['gap 2', 'event 3']);
  });

  it('sends no heartbeat to a reader that has enough to take', () => {
    taker.untakenBytes = 100 * 1024 * 1024;
    subscription.sendPing();
    expect(taker.frames).toEqual([]);
    taker.untakenBytes = 0;
    subscription.sendPing();
    expect(taker.frames).toEqual([{ type: 'ping', version: 5 }]);
  });

  it('closes once, and sends nothing after that', () => {
    subscription.sendTombstoned(5);
    subscription.close(CLOSE.goingAway, '');
    subscription.sendChange(event(6));
    subscription.sendPing();
    expect(sent()).toEqual(['tombstoned 5']);
    expect(taker.closed).toBe(CLOSE.done);
  });

  it('does not close what has closed by itself', () => {
    subscription.gone();
    subscription.close(CLOSE.idle, '');
    expect(taker.closed).toBeUndefined();
  });
});
