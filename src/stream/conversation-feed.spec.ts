import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConversationId } from '../common/conversation-id.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { ConversationNotFoundError } from '../conversations/conversations.errors.js';
import type { FeedSources } from './conversation-feed.js';
import { LostChangeError } from './change-journal.js';
import { frame, type Frame } from './frames.js';
import { CLOSE, Subscription, type StreamTransport } from './subscription.js';

// Jest's clock does not reach this module.
jest.unstable_mockModule('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
}));
const { ConversationFeed } = await import('./conversation-feed.js');

const FULL_BYTES = 100 * 1024 * 1024;

/** A conversation in memory: its versions are all events. */
class Log {
  version = 0;
  tokenBudget = 100;
  eventBytes = 0;
  history = 'first';
  /** Of each version, when it was made. */
  readonly madeAt: number[] = [];
  updatedAt = new Date(0);
  exists = true;
  /** A version that cannot be read, though there are later ones. */
  lost: number | undefined;
  reads = 0;
  /** What windows that are begun wait for. */
  windowsHeld?: Promise<void>;

  record(): ConversationRecord {
    return {
      version: this.version,
      lastSeq: this.version,
      tokenBudget: this.tokenBudget,
      tombstonedAt: null,
      history: this.history,
      updatedAt: this.updatedAt,
    } as unknown as ConversationRecord;
  }

  readonly sources = {
    journal: {
      position: (_id: unknown, version: number) => Promise.resolve({ version, lastSeq: version }),
      after: async (
        _id: unknown,
        _history: string,
        { version: after }: { version: number },
        to: { version: number },
      ) => {
        this.reads += 1;
        await Promise.resolve();
        if (after + 1 === this.lost) throw new LostChangeError(after + 1);
        const changes = [];
        for (let version = after + 1; version <= to.version && version !== this.lost; version += 1) {
          changes.push({
            frame: frame('event', { version, seq: version, event: 'x'.repeat(this.eventBytes) }),
            position: { version, lastSeq: version },
            madeAt: new Date(this.madeAt[version] ?? version),
          });
        }
        return changes;
      },
    },
    conversations: {
      get: () =>
        this.exists ? Promise.resolve(this.record()) : Promise.reject(new ConversationNotFoundError()),
    },
    windows: {
      readAt: async () => {
        const usedTokens = this.tokenBudget;
        await this.windowsHeld;
        return { needsCompaction: false, usedTokens };
      },
    },
  } as unknown as FeedSources;
}

class Taker implements StreamTransport {
  readonly sent: string[] = [];
  lastTokens: unknown;
  closed: number | undefined;
  untakenBytes = 0;

  send({ type, version, bytes }: Frame): void {
    this.sent.push(`${type} ${version}`);
    if (type === 'window') this.lastTokens = JSON.parse(bytes.toString()).used_tokens;
  }

  bufferedBytes(): number {
    return this.untakenBytes;
  }

  close(code: number): void {
    this.closed = code;
  }
}

describe('the feed of a conversation', () => {
  let log: Log;
  let feed: InstanceType<typeof ConversationFeed>;
  const newFeed = () => new ConversationFeed(new ConversationId('default', 'c'), log.sources, log.record());
  beforeEach(() => {
    jest.useFakeTimers();
    log = new Log();
    feed = newFeed();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Lets everything happen that takes no time. */
  const settle = () => jest.advanceTimersByTimeAsync(0);

  async function follow(cursor?: number, version = log.version): Promise<Taker> {
    const taker = new Taker();
    void feed.subscribe(new Subscription(taker, true, cursor ?? version), cursor, {
      version,
      lastSeq: version,
      history: log.history,
    });
    await settle();
    return taker;
  }

  async function append(): Promise<void> {
    log.version += 1;
    feed.wake();
    await settle();
  }

  it('leaves no hole for a reader whose cursor was ahead of a record that is no longer the newest', async () => {
    const first = await follow();
    const record = log.version;
    for (let n = 0; n < 3; n += 1) await append();
    const late = await follow(9, record);
    const replayed = await follow(2, record);
    await append();
    expect(first.sent.at(-1)).toBe('window 4');
    expect(late.sent).toEqual(['gap 3', 'event 4', 'window 4']);
    expect(replayed.sent).toEqual(['event 3', 'window 3', 'event 4', 'window 4']);
  });

  it('sends a reader that was full for a moment what it missed', async () => {
    const full = await follow();
    full.untakenBytes = FULL_BYTES;
    for (let n = 0; n < 3; n += 1) await append();
    expect(full.sent).toEqual([]);
    full.untakenBytes = 0;
    await jest.advanceTimersByTimeAsync(100);
    await append();
    expect(full.sent).toEqual(['event 1', 'event 2', 'event 3', 'window 3', 'event 4', 'window 4']);
  });

  it('sends a reader that missed too much the gap and the window as soon as it has taken enough', async () => {
    const slow = await follow();
    const other = await follow();
    log.eventBytes = 15 * 1024 * 1024;
    slow.untakenBytes = FULL_BYTES;
    for (let n = 0; n < 3; n += 1) await append();
    expect(slow.sent).toEqual([]);
    slow.untakenBytes = 0;
    await jest.advanceTimersByTimeAsync(100);
    await append();
    expect(slow.sent).toEqual(['gap 3', 'window 3', 'event 4', 'window 4']);
    expect(other.sent).toHaveLength(8);
  });

  it('sends a full reader the window that it missed, though it missed no version', async () => {
    const slow = await follow(0);
    slow.untakenBytes = FULL_BYTES;
    log.tokenBudget = 50;
    feed.wake();
    await settle();
    expect(slow.sent).toEqual(['window 0']);
    slow.untakenBytes = 0;
    await jest.advanceTimersByTimeAsync(100);
    expect(slow.sent).toEqual(['window 0', 'window 0']);
  });

  it('sends a reader whose settings change on the way to its first window the window of the new ones', async () => {
    const other = await follow();
    let release!: () => void;
    log.windowsHeld = new Promise((resolve) => (release = resolve));
    const late = await follow(0);
    log.windowsHeld = undefined;
    log.tokenBudget = 50;
    feed.wake();
    await settle();
    expect([other.lastTokens, late.sent]).toEqual([50, []]);
    release();
    await settle();
    expect([other.lastTokens, late.lastTokens]).toEqual([50, 50]);
  });

  it('closes a full reader that takes nothing for 30 s, and not one that is slow', async () => {
    const [stuck, slow] = [await follow(), await follow()];
    for (const taker of [stuck, slow]) taker.untakenBytes = FULL_BYTES;
    await append();
    for (let seconds = 0; seconds < 29; seconds += 1) {
      slow.untakenBytes -= 1;
      await jest.advanceTimersByTimeAsync(1000);
    }
    expect(stuck.closed).toBeUndefined();
    for (let seconds = 0; seconds < 60; seconds += 1) {
      slow.untakenBytes -= 1;
      await jest.advanceTimersByTimeAsync(1000);
    }
    expect(stuck.closed).toBe(CLOSE.overloaded);
    expect(slow.closed).toBeUndefined();
  });

  it('replays no faster than the reader takes it, and leaves nothing out', async () => {
    log.version = 3;
    const taker = new Taker();
    taker.untakenBytes = FULL_BYTES;
    void feed.subscribe(new Subscription(taker, true, 0), 0, log.record());
    await jest.advanceTimersByTimeAsync(1000);
    await append();
    expect(taker.sent).toEqual([]);
    taker.untakenBytes = 0;
    await jest.advanceTimersByTimeAsync(1000);
    expect(taker.sent).toEqual(['event 1', 'event 2', 'event 3', 'event 4', 'window 4']);
  });

  it('closes a reader rather than send it a log with a hole, and does not look for ever', async () => {
    log.version = 5;
    log.lost = 3;
    feed = newFeed();
    const taker = await follow(0);
    expect(taker.sent).toEqual(['event 1', 'event 2']);
    expect(taker.closed).toBe(CLOSE.overloaded);
    expect(log.reads).toBeLessThan(10);
  });

  describe('when another history of the database begins', () => {
    /** Another server has taken over, whose log has these versions, made at other times from `changedFrom` on. */
    async function takeOver(version: number, changedFrom: number): Promise<void> {
      log.history = 'second';
      log.version = version;
      log.updatedAt = new Date(1000);
      for (let each = changedFrom; each <= version; each += 1) log.madeAt[each] = 1000 + each;
      feed.wake();
      await settle();
    }

    it('goes on without a word if the log still has what was sent', async () => {
      const taker = await follow();
      for (let n = 0; n < 3; n += 1) await append();
      await takeOver(4, 4);
      await append();
      expect(taker.sent.slice(-4)).toEqual(['event 4', 'window 4', 'event 5', 'window 5']);
      expect(taker.sent.join()).not.toContain('reset');
    });

    it('goes on without a word after a restart of the database in which nothing changed', async () => {
      log.version = 3;
      feed = newFeed();
      const taker = await follow();
      log.history = 'second';
      feed.wake();
      await settle();
      await append();
      expect(taker.sent).toEqual(['event 4', 'window 4']);
    });

    it.each([
      ['is shorter', 2, 3],
      ['has other changes in their place', 3, 2],
      ['is longer, with other changes', 5, 3],
    ])('has the reader start over, once, if the log %s', async (_, version, changedFrom) => {
      const taker = await follow();
      for (let n = 0; n < 3; n += 1) await append();
      const before = taker.sent.length;
      await takeOver(version, changedFrom);
      await append();
      expect(taker.sent.slice(before)).toEqual([
        `reset ${version}`,
        `window ${version}`,
        `event ${version + 1}`,
        `window ${version + 1}`,
      ]);
    });

    it('has a reader that was full start over when it has taken what it had', async () => {
      const full = await follow();
      await append();
      full.untakenBytes = FULL_BYTES;
      await append();
      await takeOver(1, 1);
      full.untakenBytes = 0;
      await jest.advanceTimersByTimeAsync(100);
      await append();
      expect(full.sent.slice(2)).toEqual(['reset 1', 'window 1', 'event 2', 'window 2']);
    });

    it('sends a reader that comes then the new log only', async () => {
      for (let n = 0; n < 3; n += 1) await append();
      log.history = 'second';
      log.version = 2;
      const taker = await follow(0);
      await append();
      expect(taker.sent).toEqual(['event 1', 'event 2', 'window 2', 'event 3', 'window 3']);
    });

    it('closes the readers of a conversation that is not there any more', async () => {
      const taker = await follow();
      await append();
      log.exists = false;
      feed.wake();
      await settle();
      expect(taker.closed).toBe(CLOSE.notFound);
    });
  });
});
