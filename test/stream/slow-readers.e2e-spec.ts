import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { INSPECTED, liveBytes } from '../support/live-memory.js';
import { integers, Readers, type StreamFrame, type StreamReader } from '../support/stream-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { upgradeRequest } from '../support/websocket-upgrade.js';

const MB = 1024 * 1024;
const EVENT_BYTES = 4 * MB;
/** More than the 32 MiB that a reader may miss without a gap. A reader that receives nothing for 30 s would be closed. */
const EVENTS = 16;
/** The 4 MiB that are buffered for a reader, the event that exceeds them, and the buffers of the sockets and the reader. */
const MAX_EVENTS_BUFFERED = 4;
/** Readers share the buffered frames: half of what they miss would be far more than that. */
const ALLOWED_GROWTH_BYTES = (EVENTS * EVENT_BYTES) / 2;
/** A buffered pong costs more than its 127 bytes, and 300,000 pings are sent. */
const ALLOWED_PING_GROWTH_BYTES = 16 * MB;

/** A frame without the large body of its event. */
const withoutBody = ({ event: _event, ...frame }: StreamFrame): StreamFrame => frame;
const outline = ({ frames }: StreamReader) => frames.map(({ type, version }) => ({ type, version }));

describe('a reader that stops reading', () => {
  let database: TestDatabase;
  let service: BuiltService;
  const readers = new Readers(() => service);
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await BuiltService.start({
      DATABASE_URL: database.url,
      FASTPACA_CACHE_BYTES: '0', // so that memory is only used for the readers
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

  it('cannot fill the memory with pongs that it does not receive', async () => {
    const PINGS = 300_000;
    const AT_ONCE = 1000;
    await service.http.put('pings');
    const { hostname, port } = new URL(service.url);
    // Final, ping, masked with zeros, 125 bytes.
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

  it('costs the service little memory and the other readers nothing, and is sent a gap for what it missed', async () => {
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
      expect(outline(other).filter(({ type }) => type !== 'window')).toEqual(
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
      expect(outline(reader).slice(gap + 1)).toEqual([
        { type: 'window', version: EVENTS },
        { type: 'event', version: EVENTS + 1 },
        { type: 'window', version: EVENTS + 1 },
      ]);
    }
    await readers.closeAll();
  });

  it('loses nothing while it is catching up', async () => {
    const LONG = 6;
    await service.http.put('replay');
    const other = await readers.ws('replay', '', { keep: withoutBody });
    await append('replay', LONG, [other]);
    const reader = await readers.ws('replay', '?cursor=0', { keep: withoutBody });
    reader.pause();
    await service.http.say('replay', 'still writing');
    await other.windowOf(LONG + 1);
    reader.resume();
    await reader.windowOf(LONG + 1);
    expect(outline(reader).filter(({ type }) => type !== 'window')).toEqual(
      integers(1, LONG + 1).map((version) => ({ type: 'event', version })),
    );
  });
});
