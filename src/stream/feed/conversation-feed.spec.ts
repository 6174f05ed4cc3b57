import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConversationId } from '../../common/conversation-id.js';
import type { ConversationRecord } from '../../conversations/conversation.js';
import { ConversationNotFoundError } from '../../conversations/conversations.errors.js';
import { frame, type Frame } from '../frames.js';
import { CLOSE, type StreamTransport } from '../stream-transport.js';
import { MissingChangeError } from './change-reader.js';
import { ConversationSource, type FeedServices } from './conversation-source.js';
import { Subscription } from './subscription.js';

// Jest's fake timers do not replace this module.
jest.unstable_mockModule('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
}));
const { ConversationFeed } = await import('./conversation-feed.js');

const FULL_BYTES = 100 * 1024 * 1024;

/** A conversation in memory. Every version is an event. */
class Log {
  version = 0;
  tokenBudget = 100;
  eventBytes = 0;
  history = 'first';
  /** Time of each change by version, in milliseconds. Defaults to the version number. */
  readonly madeAt: number[] = [];
  updatedAt = new Date(0);
  exists = true;
  /** A version whose change is missing, although later changes exist. */
  missing: number | undefined;
  reads = 0;
  /** If set, reads of windows wait for this promise. */
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

  readonly services = {
    changes: {
      positionAt: (_id: unknown, version: number) => Promise.resolve({ version, lastSeq: version }),
      between: async (
        _id: unknown,
        _history: string,
        { version: after }: { version: number },
        to: { version: number },
      ) => {
        this.reads += 1;
        await Promise.resolve();
        if (after + 1 === this.missing) throw new MissingChangeError(after + 1);
        const changes = [];
        for (let version = after + 1; version <= to.version && version !== this.missing; version += 1) {
          changes.push({
            frame: frame('event', { version, seq: version, event: 'x'.repeat(this.eventBytes) as never }),
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
  } as unknown as FeedServices;
}

class FakeTransport implements StreamTransport {
  readonly sent: string[] = [];
  lastTokens: unknown;
  closed: number | undefined;
  buffered = 0;

  send({ type, version, bytes }: Frame): void {
    this.sent.push(`${type} ${version}`);
    if (type === 'window') this.lastTokens = JSON.parse(bytes.toString()).used_tokens;
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  close(code: number): void {
    this.closed = code;
  }
}

describe('ConversationFeed', () => {
  let log: Log;
  let feed: InstanceType<typeof ConversationFeed>;
  const newFeed = () =>
    new ConversationFeed(
      new ConversationSource(new ConversationId('default', 'c'), log.services),
      log.record(),
    );
  beforeEach(() => {
    jest.useFakeTimers();
    log = new Log();
    feed = newFeed();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Runs all pending work that does not wait for a timer. */
  const settle = () => jest.advanceTimersByTimeAsync(0);

  async function follow(cursor?: number, version = log.version): Promise<FakeTransport> {
    const transport = new FakeTransport();
    void feed.subscribe(new Subscription(transport, true, cursor ?? version), cursor, {
      version,
      lastSeq: version,
      history: log.history,
    });
    await settle();
    return transport;
  }

  async function append(): Promise<void> {
    log.version += 1;
    void feed.refresh();
    await settle();
  }

  it('sends every later change to a reader that subscribes with an outdated conversation record', async () => {
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

  it('sends the missed changes to a reader whose buffer was full for a moment', async () => {
    const full = await follow();
    full.buffered = FULL_BYTES;
    for (let n = 0; n < 3; n += 1) await append();
    expect(full.sent).toEqual([]);
    full.buffered = 0;
    await jest.advanceTimersByTimeAsync(100);
    await append();
    expect(full.sent).toEqual(['event 1', 'event 2', 'event 3', 'window 3', 'event 4', 'window 4']);
  });

  it('sends a gap and the window, once its buffer has drained, to a reader that missed too much', async () => {
    const slow = await follow();
    const other = await follow();
    log.eventBytes = 15 * 1024 * 1024;
    slow.buffered = FULL_BYTES;
    for (let n = 0; n < 3; n += 1) await append();
    expect(slow.sent).toEqual([]);
    slow.buffered = 0;
    await jest.advanceTimersByTimeAsync(100);
    await append();
    expect(slow.sent).toEqual(['gap 3', 'window 3', 'event 4', 'window 4']);
    expect(other.sent).toHaveLength(8);
  });

  it('resends the window, once its buffer has drained, to a reader that missed only a change of settings', async () => {
    const slow = await follow(0);
    slow.buffered = FULL_BYTES;
    log.tokenBudget = 50;
    void feed.refresh();
    await settle();
    expect(slow.sent).toEqual(['window 0']);
    slow.buffered = 0;
    await jest.advanceTimersByTimeAsync(100);
    expect(slow.sent).toEqual(['window 0', 'window 0']);
  });

  it('resends the window if the settings change while the first window of a reader is being read', async () => {
    const other = await follow();
    let release!: () => void;
    log.windowsHeld = new Promise((resolve) => (release = resolve));
    const late = await follow(0);
    log.windowsHeld = undefined;
    log.tokenBudget = 50;
    void feed.refresh();
    await settle();
    expect([other.lastTokens, late.sent]).toEqual([50, []]);
    release();
    await settle();
    expect([other.lastTokens, late.lastTokens]).toEqual([50, 50]);
  });

  it('closes a full reader that receives nothing for 30 s, but not a slow reader', async () => {
    const [stuck, slow] = [await follow(), await follow()];
    for (const transport of [stuck, slow]) transport.buffered = FULL_BYTES;
    await append();
    for (let seconds = 0; seconds < 29; seconds += 1) {
      slow.buffered -= 1;
      await jest.advanceTimersByTimeAsync(1000);
    }
    expect(stuck.closed).toBeUndefined();
    for (let seconds = 0; seconds < 60; seconds += 1) {
      slow.buffered -= 1;
      await jest.advanceTimersByTimeAsync(1000);
    }
    expect(stuck.closed).toBe(CLOSE.overloaded);
    expect(slow.closed).toBeUndefined();
  });

  it('replays no faster than the reader receives, and skips no change', async () => {
    log.version = 3;
    const transport = new FakeTransport();
    transport.buffered = FULL_BYTES;
    void feed.subscribe(new Subscription(transport, true, 0), 0, log.record());
    await jest.advanceTimersByTimeAsync(1000);
    await append();
    expect(transport.sent).toEqual([]);
    transport.buffered = 0;
    await jest.advanceTimersByTimeAsync(1000);
    expect(transport.sent).toEqual(['event 1', 'event 2', 'event 3', 'event 4', 'window 4']);
  });

  it('closes a reader instead of skipping a missing change, after fewer than ten reads', async () => {
    log.version = 5;
    log.missing = 3;
    feed = newFeed();
    const transport = await follow(0);
    expect(transport.sent).toEqual(['event 1', 'event 2']);
    expect(transport.closed).toBe(CLOSE.overloaded);
    expect(log.reads).toBeLessThan(10);
  });

  describe('after a change of the database history', () => {
    /** Switches to another server. Its log has `version` versions, with different changes from `changedFrom` on. */
    async function takeOver(version: number, changedFrom: number): Promise<void> {
      log.history = 'second';
      log.version = version;
      log.updatedAt = new Date(1000);
      for (let each = changedFrom; each <= version; each += 1) log.madeAt[each] = 1000 + each;
      void feed.refresh();
      await settle();
    }

    it('continues without a reset if the log still contains the last change that was sent', async () => {
      const transport = await follow();
      for (let n = 0; n < 3; n += 1) await append();
      await takeOver(4, 4);
      await append();
      expect(transport.sent.slice(-4)).toEqual(['event 4', 'window 4', 'event 5', 'window 5']);
      expect(transport.sent.join()).not.toContain('reset');
    });

    it('continues without a reset after a restart of the database that changed nothing', async () => {
      log.version = 3;
      feed = newFeed();
      const transport = await follow();
      log.history = 'second';
      void feed.refresh();
      await settle();
      await append();
      expect(transport.sent).toEqual(['event 4', 'window 4']);
    });

    it.each([
      ['is shorter', 2, 3],
      ['has different changes with the same versions', 3, 2],
      ['is longer and has different changes', 5, 3],
    ])('resets the reader once if the log %s', async (_, version, changedFrom) => {
      const transport = await follow();
      for (let n = 0; n < 3; n += 1) await append();
      const before = transport.sent.length;
      await takeOver(version, changedFrom);
      await append();
      expect(transport.sent.slice(before)).toEqual([
        `reset ${version}`,
        `window ${version}`,
        `event ${version + 1}`,
        `window ${version + 1}`,
      ]);
    });

    it('resets a full reader when its buffer has drained', async () => {
      const full = await follow();
      await append();
      full.buffered = FULL_BYTES;
      await append();
      await takeOver(1, 1);
      full.buffered = 0;
      await jest.advanceTimersByTimeAsync(100);
      await append();
      expect(full.sent.slice(2)).toEqual(['reset 1', 'window 1', 'event 2', 'window 2']);
    });

    it('sends only the new log to a reader that connects afterwards', async () => {
      for (let n = 0; n < 3; n += 1) await append();
      log.history = 'second';
      log.version = 2;
      const transport = await follow(0);
      await append();
      expect(transport.sent).toEqual(['event 1', 'event 2', 'window 2', 'event 3', 'window 3']);
    });

    it('resets a reader whose first window was being read during the change', async () => {
      for (let n = 0; n < 3; n += 1) await append();
      let release!: () => void;
      log.windowsHeld = new Promise((resolve) => (release = resolve));
      const transport = await follow(1);
      log.windowsHeld = undefined;
      await takeOver(2, 1);
      release();
      await settle();
      await append();
      expect(transport.sent).toEqual([
        'event 2',
        'event 3',
        'window 3',
        'reset 2',
        'window 2',
        'event 3',
        'window 3',
      ]);
    });

    it('closes the readers of a conversation that no longer exists', async () => {
      const transport = await follow();
      await append();
      log.exists = false;
      void feed.refresh();
      await settle();
      expect(transport.closed).toBe(CLOSE.notFound);
    });
  });
});
