import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, it } from '@jest/globals';
import { expectError } from '../support/error-shape.js';
import { RawConnection } from '../support/raw-http.js';
import { Readers, type StreamReader } from '../support/stream-reader.js';
import { TestService } from '../support/test-service.js';
import { sendUpgrade, upgradeRequest } from '../support/websocket-upgrade.js';

describe('FASTPACA_STREAM_MAX_CONNECTIONS', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  beforeAll(async () => {
    service = await TestService.start({ env: { FASTPACA_STREAM_MAX_CONNECTIONS: '2' } });
    await service.http.put('c');
  });
  afterEach(() => readers.closeAll());
  afterAll(() => service.stop());

  const path = '/v1/conversations/c/stream';
  const sse = () => service.http.request('GET', path, { headers: { accept: 'text/event-stream' } });

  /** Resolves when both slots are free. Retries, because the service may notice a disconnect with a delay. */
  async function bothSlotsFree(): Promise<void> {
    for (let opened: StreamReader[] = []; opened.length < 2;) {
      opened = [];
      try {
        opened.push(await readers.ws('c'));
        opened.push(await readers.sse('c'));
      } catch {
        await delay(5);
      }
      await readers.closeAll();
    }
  }

  it('rejects one more connection with 503 on either transport until a slot is free', async () => {
    const [first] = [await readers.ws('c'), await readers.sse('c')];
    expectError(await sendUpgrade(service.url, path), 503);
    expectError(await sse(), 503);
    await first.close();
    await bothSlotsFree();
  });

  it('frees the slot when a stream is rejected for another reason', async () => {
    for (let n = 0; n < 3; n += 1) {
      expectError(await sendUpgrade(service.url, '/v1/conversations/absent/stream'), 404);
      expectError(await sendUpgrade(service.url, `${path}?cursor=x`), 400);
      expectError(await sendUpgrade(service.url, path, { 'sec-websocket-key': 'short' }), 400);
    }
    await bothSlotsFree();
  });

  it('frees the slot when the client disconnects before it is admitted', async () => {
    const sseRequest = `GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`;
    for (const request of [upgradeRequest(path), sseRequest]) {
      for (let n = 0; n < 20; n += 1) {
        const connection = await RawConnection.open(service.url);
        connection.write(request);
        await delay(n % 4);
        connection.close();
      }
    }
    await bothSlotsFree();
  });

  it('frees the slot after a tombstone', async () => {
    await service.http.put('deleted');
    const both = [await readers.ws('deleted'), await readers.sse('deleted')];
    await service.http.delete('deleted');
    await Promise.all(both.map((reader) => reader.ended()));
    await bothSlotsFree();
  });
});
