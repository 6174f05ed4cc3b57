import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConversationId } from '../common/conversation-id.js';
import { AppConfig } from '../config/app-config.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import type { ConversationFeeds } from './feed/conversation-feeds.js';
import type { Frame } from './frames.js';
import type { StreamRequest } from './stream-admission.js';
import { StreamConnections } from './stream-connections.js';
import type { StreamTransport } from './stream-transport.js';

/** Counts the pings it receives, and records the time at which it is closed. */
class FakeReader implements StreamTransport {
  pings = 0;
  closedAtMs?: number;
  onPing: () => void = () => undefined;

  send({ type }: Frame): void {
    if (type !== 'ping') return;
    this.pings += 1;
    this.onPing();
  }
  bufferedBytes(): number {
    return 0;
  }
  close(code: number): void {
    expect(code).toBe(4408);
    this.closedAtMs = performance.now();
  }
}

function connectionsOf(pingMs: number, idleMs: number): StreamConnections {
  const config = AppConfig.fromEnvironment({
    FASTPACA_STREAM_PING_INTERVAL_MS: String(pingMs),
    FASTPACA_STREAM_IDLE_TIMEOUT_MS: String(idleMs),
  });
  const feeds: Pick<ConversationFeeds, 'subscribe'> = { subscribe: () => () => undefined };
  const connections = new StreamConnections(feeds as ConversationFeeds, new Lifecycle(config), config);
  connections.onModuleInit();
  return connections;
}

const REQUEST = {
  id: new ConversationId('default', 'any'),
  record: { version: 0 },
  cursor: undefined,
  includeEvents: true,
} as StreamRequest;

describe('StreamConnections', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it.each([
    [30_000, 90_000],
    [40_000, 90_000],
    [60_000, 90_000],
    [100, 90_000],
    [200_000, 90_000],
    [7000, 10_000],
    [20, 50],
  ])(
    'closes a reader that responds to no ping within a second after the idle timeout: ping %d, timeout %d',
    (pingMs, idleMs) => {
      for (const connectedAtMs of [0, pingMs / 3, pingMs - 1]) {
        const connections = connectionsOf(pingMs, idleMs);
        jest.advanceTimersByTime(connectedAtMs);
        const start = performance.now();
        const reader = new FakeReader();
        connections.connect(REQUEST, reader);
        jest.advanceTimersByTime(2 * idleMs);
        expect(reader.closedAtMs).toBeGreaterThanOrEqual(start + idleMs);
        expect(reader.closedAtMs).toBeLessThanOrEqual(start + idleMs + 1000);
      }
    },
  );

  it('keeps a reader that responds to pings connected, and sends one ping per interval', () => {
    const connections = connectionsOf(30_000, 90_000);
    const reader = new FakeReader();
    const { markAlive } = connections.connect(REQUEST, reader);
    reader.onPing = markAlive;
    jest.advanceTimersByTime(3_000_000);
    expect(reader.closedAtMs).toBeUndefined();
    expect(reader.pings).toBe(100);
  });
});
