import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError } from '../support/error-shape.js';
import { RawConnection } from '../support/raw-http.js';
import { integers, Readers } from '../support/stream-reader.js';
import { TestService } from '../support/test-service.js';

describe('a stream of server-sent events', () => {
  let service: TestService;
  const readers = new Readers(() => service);
  beforeAll(async () => {
    service = await TestService.start();
    await service.http.put('c');
    for (const n of integers(1, 5)) await service.http.say('c', `message ${n}`);
  });
  afterAll(async () => {
    await readers.closeAll();
    await service.stop();
  });

  it('sends the version of every frame as its id', async () => {
    const reader = await readers.sse('c', '?cursor=2');
    await reader.windowOf(5);
    expect(reader.ids).toEqual(['3', '4', '5', '5']);
    expect(reader.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(reader.response.headers['x-request-id']).toMatch(/\S/);
  });

  it('resumes after Last-Event-ID rather than the cursor in the query', async () => {
    const reader = await readers.sse('c', '?cursor=1', { headers: { 'last-event-id': '3' } });
    await reader.windowOf(5);
    expect(reader.changeVersions()).toEqual([4, 5]);
  });

  it('accepts the highest possible version as Last-Event-ID', async () => {
    const headers = { 'last-event-id': String(Number.MAX_SAFE_INTEGER) };
    const reader = await readers.sse('c', '', { headers });
    expect(await reader.frame(({ type }) => type === 'gap')).toMatchObject({ reason: 'cursor_ahead' });
  });

  it.each(['', 'x', '-1', '1.5', '1e3', '9007199254740992', '99999999999999999999'])(
    'rejects Last-Event-ID "%s"',
    async (lastEventId) => {
      const headers = { accept: 'text/event-stream', 'last-event-id': lastEventId };
      const response = await service.http.request('GET', '/v1/conversations/c/stream', { headers });
      expectError(response, 400);
      expect(response.body.details[0].path).toBe('Last-Event-ID');
    },
  );

  it('ends the response to HEAD at once', async () => {
    const request =
      'HEAD /v1/conversations/c/stream HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n';
    const connection = await RawConnection.open(service.url);
    connection.write(`${request}connection: close\r\n\r\n`);
    await connection.end();
  });
});
