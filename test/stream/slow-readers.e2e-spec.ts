import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { INSPECTED, liveBytes } from '../support/live-memory.js';
import { integers, Readers, type StreamFrame, type StreamReader } from '../support/stream-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { upgradeRequest } from '../support/websocket-upgrade.js';

const MB = 1024 * 1024;
const EVENT_BYTES = 4 * MB;
/**
 * 64 MiB in total, more than the 32 MiB that a reader may miss without a gap. More events could take longer than 30 s,
 * after which a reader that receives nothing is closed.
 */
const EVENTS = 16;
/** The 4 MiB buffered for a reader, the event that exceeds them, and the buffers of both sockets. */
const MAX_EVENTS_BUFFERED = 4;
/** Frames are buffered once for all readers, so memory grows by far less than half of what the readers miss. */
const ALLOWED_GROWTH_BYTES = (EVENTS * EVENT_BYTES) / 2;
/** Far less than 300,000 buffered pongs would use; one pong takes more than 127 bytes. */
const ALLOWED_PING_GROWTH_BYTES = 16 * MB;

/** Returns a frame without the large body of its event. */
const withoutBody = ({ event: _event, ...frame }: StreamFrame): StreamFrame => frame;
const typesAndVersions = ({ frames }: StreamReader) => frames.map(({ type, version }) => ({ type, version }));

describe('a reader that stops reading', () => {
  let database: TestDatabase;
  let service: BuiltService;
  const readers = new Readers(() => service);
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await BuiltService.start({
      DATABASE_URL: database.url,
      FASTPACA_CACHE_BYTES: '0', // so memory is only used for readers
      ...INSPECTED,
    });
  });
  afterAll(async () => {
    await service.stop();
    await readers.closeAll();
    await database.drop();
  });

  /** Appends events, and waits until all followers have received them. @param between called after each event */
  async function append(
    id: string,
    events: number,
    followers: StreamReader[],
    between: () => unknown = () => undefined,
  ): Promise<void> {
    const text = 'x'.repeat(EVENT_BYTES);
    const event = { role: 'user', parts: [{ type: 'text', text }], token_count: 1_000_000 };
    for (let n = 0; n < events; n += 1) {
      expect((await service.http.append(id, { event })).status).toBe(201);
      await between();
    }
    await Promise.all(followers.map((reader) => reader.windowOf(events)));
  }

  it('does not make the service buffer unread pongs without limit', async () => {
    const PINGS = 300_000;
    const AT_ONCE = 1000;
    await service.http.put('pings');
    const { hostname, port } = new URL(service.url);
    // A final ping frame, masked with zeros, with a payload of 125 bytes.
    const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)]);
    const pings = Buffer.concat(Array.from({ length: AT_ONCE }, () => ping));
    const flood = async (reads: boolean) => {
      const socket = connect({ host: hostname, port: Number(port) });
      if (reads) socket.resume();
      else socket.pause();
      socket.write(upgradeRequest('/v1/conversations/pings/stream'));
      for (let sent = 0; sent < PINGS; sent += AT_ONCE)
        await new Promise<void>((resolve, reject) =>
          socket.write(pings, (error) => (error ? reject(error) : resolve())),
        );
      await service.http.get('pings');
      const live = await liveBytes(service);
      socket.destroy();
      return live;
    };
    const baseline = await flood(true);
    expect((await flood(false)) - baseline).toBeLessThan(ALLOWED_PING_GROWTH_BYTES);
  });

  it('uses little memory, does not delay other readers, and receives a gap for the changes it missed', async () => {
    await service.http.put('c');
    const keep = withoutBody;
    await service.http.put('warm-up');
    await append('warm-up', 1, []);
    const baseline = await liveBytes(service);

    const others = [await readers.ws('c', '', { keep }), await readers.sse('c', '', { keep })];
    const slow = [await readers.ws('c', '', { keep }), await readers.sse('c', '', { keep })];
    slow.push(await readers.ws('c', '?cursor=0', { keep }));
    for (const reader of slow) reader.pause();
    await append('c', EVENTS, others);
    expect((await liveBytes(service)) - baseline).toBeLessThan(ALLOWED_GROWTH_BYTES);
    for (const other of others) {
      expect(typesAndVersions(other).filter(({ type }) => type !== 'window')).toEqual(
        integers(1, EVENTS).map((version) => ({ type: 'event', version })),
      );
    }

    for (const reader of slow) {
      reader.resume();
      const gap = await reader.frame(({ type }) => type === 'gap');
      const last = reader.changes().at(-1)?.version ?? 0;
      expect(gap).toEqual({
        type: 'gap',
        version: EVENTS,
        expected: last + 1,
        actual: EVENTS,
        reason: 'slow_reader',
      });
      expect(reader.changes().map(({ version }) => version)).toEqual(integers(1, last));
      expect(last).toBeLessThanOrEqual(MAX_EVENTS_BUFFERED);
    }
    await service.http.say('c', 'next');
    await Promise.all([...slow, ...others].map((reader) => reader.windowOf(EVENTS + 1)));
    for (const reader of slow) {
      const gap = reader.frames.findIndex(({ type }) => type === 'gap');
      expect(typesAndVersions(reader).slice(gap + 1)).toEqual([
        { type: 'window', version: EVENTS },
        { type: 'event', version: EVENTS + 1 },
        { type: 'window', version: EVENTS + 1 },
      ]);
    }
    await readers.closeAll();
  });

  it('misses no change during its replay', async () => {
    const EVENT_COUNT = 6;
    await service.http.put('replay');
    const other = await readers.ws('replay', '', { keep: withoutBody });
    await append('replay', EVENT_COUNT, [other]);
    const reader = await readers.ws('replay', '?cursor=0', { keep: withoutBody });
    reader.pause();
    await service.http.say('replay', 'still writing');
    await other.windowOf(EVENT_COUNT + 1);
    reader.resume();
    await reader.windowOf(EVENT_COUNT + 1);
    expect(typesAndVersions(reader).filter(({ type }) => type !== 'window')).toEqual(
      integers(1, EVENT_COUNT + 1).map((version) => ({ type: 'event', version })),
    );
  });
});
