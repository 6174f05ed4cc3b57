import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LongPoll } from '../../src/events/long-poll.js';
import { expectError } from '../support/error-shape.js';
import { TestService } from '../support/test-service.js';

describe('GET …/events with wait_ms', () => {
  let service: TestService;
  beforeAll(
    async () => (service = await TestService.start({ env: { FASTPACA_STREAM_MAX_CONNECTIONS: '3' } })),
  );
  afterAll(() => service.stop());

  it('responds as soon as an event is appended', async () => {
    await service.http.put('more');
    await service.http.say('more', 'one');
    const poll = service.http.events('more', '?cursor=1&wait_ms=55000');
    await service.http.say('more', 'two');
    const { body } = await poll;
    expect(body.events.map(({ seq }: { seq: number }) => seq)).toEqual([2]);
    expect(body.next_cursor).toBe(2);
  });

  it('responds at once if the log has an event after the cursor', async () => {
    await service.http.put('there');
    await service.http.say('there', 'one');
    const { body } = await service.http.events('there', '?cursor=0&wait_ms=55000');
    expect(body.next_cursor).toBe(1);
  });

  it('responds with an empty page after wait_ms', async () => {
    await service.http.put('empty');
    await service.http.say('empty', 'one');
    expect((await service.http.events('empty', '?cursor=1&wait_ms=50')).body).toEqual({
      events: [],
      next_cursor: 1,
    });
    expect((await service.http.events('empty', '?cursor=1&wait_ms=0')).body).toEqual({
      events: [],
      next_cursor: 1,
    });
  });

  it('responds when the conversation is deleted, because no event can follow', async () => {
    await service.http.put('deleted');
    const poll = service.http.events('deleted', '?cursor=0&wait_ms=55000');
    await service.http.delete('deleted');
    expect((await poll).body).toEqual({ events: [], next_cursor: 0 });
  });

  it('keeps waiting after a compaction, which is not an event', async () => {
    await service.http.put('compacted');
    await service.http.say('compacted', 'one');
    const poll = service.http.events('compacted', '?cursor=1&wait_ms=55000');
    const replacement = [{ role: 'system', content: 'summary' }];
    await service.http.compact('compacted', { from_seq: 1, to_seq: 1, replacement });
    await service.http.say('compacted', 'two');
    expect((await poll).body.next_cursor).toBe(2);
  });

  it('treats wait_ms above 55,000 as 55,000', async () => {
    await service.http.put('long');
    const longPoll = service.app.get(LongPoll, { strict: false });
    const waited: number[] = [];
    longPoll.waitForEvents = (_id, _seq, waitMs) => Promise.resolve(void waited.push(waitMs));
    for (const ms of ['1', '55000', '55001', '99999999999999999999', '9'.repeat(400)])
      expect((await service.http.events('long', `?cursor=0&wait_ms=${ms}`)).status).toBe(200);
    expect(waited).toEqual([1, 55_000, 55_000, 55_000, 55_000]);
    Reflect.deleteProperty(longPoll, 'waitForEvents');
  });

  it.each(['?wait_ms=10', '?from_seq=1&wait_ms=10', '?cursor=0&wait_ms=-1', '?cursor=0&wait_ms=x'])(
    'rejects "%s"',
    async (query) => {
      await service.http.put('bad');
      const response = await service.http.events('bad', query);
      expectError(response, 400);
      expect(response.body.details[0].path).toBe('wait_ms');
    },
  );

  it('returns 404 for a conversation that does not exist, without waiting', async () => {
    expectError(await service.http.events('absent', '?cursor=0&wait_ms=55000'), 404);
  });
});
