import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RawConnection } from '../support/raw-http.js';
import { Readers } from '../support/stream-reader.js';
import { TestService } from '../support/test-service.js';
import { upgradeRequest } from '../support/websocket-upgrade.js';

describe('a websocket stream', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  beforeAll(async () => {
    service = await TestService.start({ env: { FASTPACA_STREAM_PING_INTERVAL_MS: '50' } });
    await service.http.put('c');
  });
  afterAll(async () => {
    await readers.closeAll();
    await service.stop();
  });

  it('sends pings with the version', async () => {
    await service.http.put('ping');
    await service.http.say('ping', 'hello');
    const reader = await readers.ws('ping');
    const frames: string[] = [];
    reader.socket.on('message', (data: Buffer) => frames.push(data.toString()));
    await reader.morePings(2);
    expect(frames.map((text) => JSON.parse(text))).toContainEqual({ type: 'ping', version: 1 });
  });

  it('closes a reader that sends more than 1 KiB, and keeps other readers', async () => {
    const other = await readers.ws('c');
    const reader = await readers.ws('c');
    reader.socket.send('x'.repeat(1024));
    await reader.morePings(2);
    expect(reader.end).toBeUndefined();
    reader.socket.send('x'.repeat(1025));
    expect(await reader.ended()).toEqual({ code: 1009 });
    await other.morePings(2);
    expect((await service.http.get('c')).status).toBe(200);
  });

  it('closes a reader that violates the protocol, and the service keeps running', async () => {
    const connection = await RawConnection.open(service.url);
    connection.write(upgradeRequest('/v1/conversations/c/stream'));
    connection.write(Buffer.from('ffffffffffffffffffffffff', 'hex'));
    await connection.end();
    expect((await service.http.get('c')).status).toBe(200);
  });
});

describe('readers that send no pong', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  beforeAll(async () => {
    service = await TestService.start({
      env: { FASTPACA_STREAM_PING_INTERVAL_MS: '50', FASTPACA_STREAM_IDLE_TIMEOUT_MS: '300' },
    });
    await service.http.put('c');
  });
  afterAll(async () => {
    await readers.closeAll();
    await service.stop();
  });

  it('are closed with 4408', async () => {
    // A ping precedes the close, unless the machine stalls for the whole timeout. Then a new reader repeats the test.
    for (let pings = 0; pings === 0;) {
      const reader = await readers.ws('c', '', { autoPong: false });
      expect(await reader.ended()).toEqual({ code: 4408 });
      pings = reader.pings;
    }
  });

  it('are closed even while changes are sent to them', async () => {
    await service.http.put('busy');
    const reader = await readers.ws('busy', '', { autoPong: false });
    while (!reader.end) await service.http.say('busy', 'more');
    expect(reader.end).toEqual({ code: 4408 });
  });
});

describe('active readers', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  beforeAll(async () => {
    service = await TestService.start({
      env: { FASTPACA_STREAM_PING_INTERVAL_MS: '50', FASTPACA_STREAM_IDLE_TIMEOUT_MS: '6000' },
    });
    await service.http.put('c');
  });
  afterAll(async () => {
    await readers.closeAll();
    await service.stop();
  });

  it('stay connected if they send pongs, messages or pings, or read server-sent events', async () => {
    // The service sends at most one ping every 50 ms, so these pings always take longer than the timeout.
    const PINGS_BEYOND_TIMEOUT = 130;
    const byPong = await readers.ws('c');
    const byFrame = await readers.ws('c', '', { autoPong: false });
    const messages = [
      '{"type":"pong"}',
      'garbage',
      '{"type":"event"}',
      '[]',
      'null',
      '{"event":"x","data":{}}',
      '',
    ];
    byFrame.socket.on('message', () => byFrame.socket.send(messages[byFrame.pings % messages.length]!));
    byFrame.socket.send(Buffer.from([0, 255, 254]));
    const byPing = await readers.ws('c', '', { autoPong: false });
    let pongs = 0;
    byPing.socket.on('pong', () => (pongs += 1));
    byPing.socket.on('message', () => byPing.socket.ping());
    const byReceiving = await readers.sse('c');
    const all = [byPong, byFrame, byPing, byReceiving];
    await Promise.all(all.map((reader) => reader.morePings(PINGS_BEYOND_TIMEOUT)));
    await service.http.put('c', { token_budget: 7 });
    await Promise.all(all.map((reader) => reader.windowOf(0)));
    expect(pongs).toBeGreaterThan(0);
    for (const reader of all) expect(reader.frames.map(({ type }) => type)).toEqual(['window']);
  });
});
