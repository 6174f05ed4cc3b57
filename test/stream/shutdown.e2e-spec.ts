import { describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { Readers } from '../support/stream-reader.js';
import { createTestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

describe('the shutdown of the service', () => {
  it('closes streams with 1001 and ends long polls', async () => {
    const service = await TestService.start();
    const readers = new Readers(() => service);
    await service.http.put('c');
    const socket = await readers.ws('c');
    const events = await readers.sse('c', '?cursor=0');
    await events.windowOf(0);
    const poll = service.http.events('c', '?cursor=0&wait_ms=55000');
    await service.http.say('other', 'a request after which the poll is in flight');
    await service.stop();
    expect(await socket.ended()).toEqual({ code: 1001 });
    await events.ended();
    expect((await poll).status).toBe(200);
  });

  it('completes cleanly on SIGTERM although some readers hang and others have disconnected', async () => {
    const database = await createTestDatabase();
    const service = await BuiltService.start({ DATABASE_URL: database.url });
    const readers = new Readers(() => service);
    await service.http.put('c');
    const socket = await readers.ws('c');
    const hanging = [await readers.ws('c', '?cursor=0'), await readers.sse('c', '?cursor=0')];
    for (const reader of hanging) reader.pause();
    const disconnected = await readers.sse('c');
    await disconnected.close();
    const disconnect = new AbortController();
    const poll = fetch(`${service.url}/v1/conversations/c/events?cursor=0&wait_ms=55000`, {
      signal: disconnect.signal,
    });
    await service.http.get('c');
    disconnect.abort();
    await expect(poll).rejects.toThrow();
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    expect(await socket.ended()).toEqual({ code: 1001 });
    expect(service.records().at(-1)).toMatchObject({ msg: 'stopped', clean: true });
    for (const reader of hanging) reader.resume();
    await readers.closeAll();
    await database.drop();
  });
});
