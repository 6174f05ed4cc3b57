import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConversation, summary } from '../support/compacted-conversation.js';
import { expectError, violationPaths } from '../support/error-shape.js';
import { TestService } from '../support/test-service.js';

const SUMMARY = summary('so far');

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

const compact = (id: string, from: number, to: number, extra: object = {}) =>
  service.http.compact(id, { from_seq: from, to_seq: to, replacement: [SUMMARY], ...extra });

/** The stored state of a conversation, which a rejected request must not change. */
async function storedState(id: string): Promise<object> {
  return {
    record: (await service.http.get(id)).body,
    events: (await service.http.events(id)).text,
    window: (await service.http.window(id)).text,
    rows: await service.database.query(
      'SELECT * FROM fastpaca.compactions WHERE conversation_id = $1 ORDER BY version',
      [id],
    ),
  };
}

describe('a compaction', () => {
  it.each([
    ['cuts off the left of an active one', 3, 4],
    ['cuts off the right of an active one', 6, 8],
    ['lies inside an active one', 5, 5],
    ['lies inside an active one from its start', 4, 5],
    ['lies inside an active one to its end', 5, 6],
    ['begins inside one and contains another', 6, 9],
    ['contains one and ends inside another', 1, 4],
    ['goes from inside one to inside another', 2, 5],
  ])('is rejected with range_overlap when it %s', async (name, from, to) => {
    const id = `overlap ${name}`;
    await createConversation(service.http, id, 10);
    await compact(id, 1, 2);
    await compact(id, 4, 6);
    await compact(id, 8, 9);
    const before = await storedState(id);
    const response = await compact(id, from, to);
    expectError(response, 400);
    expect(response.body.reason).toBe('range_overlap');
    expect(await storedState(id)).toEqual(before);
  });

  it.each([
    ['begins at 0', 0, 3],
    ['begins below 0', -2, 3],
    ['ends after the log', 5, 11],
    ['lies after the log', 11, 12],
    ['ends far after the log', 1, Number.MAX_SAFE_INTEGER],
    ['begins and ends outside', 0, 11],
  ])('is rejected with range_gap when it %s', async (name, from, to) => {
    const id = `gap ${name}`;
    await createConversation(service.http, id, 10);
    const before = await storedState(id);
    const response = await compact(id, from, to);
    expectError(response, 400);
    expect(response.body.reason).toBe('range_gap');
    expect(await storedState(id)).toEqual(before);
  });

  it('is rejected with range_gap in an empty log', async () => {
    await createConversation(service.http, 'empty', 0);
    for (const [from, to] of [
      [1, 1],
      [0, 0],
      [1, 5],
    ] as const) {
      const response = await compact('empty', from, to);
      expectError(response, 400);
      expect(response.body.reason).toBe('range_gap');
    }
    expect((await service.http.get('empty')).body.version).toBe(0);
  });

  it.each([
    ['a range that ends before it begins', { from_seq: 3, to_seq: 2 }, ['to_seq']],
    ['no from_seq', { from_seq: undefined }, ['from_seq']],
    ['no to_seq', { to_seq: null }, ['to_seq']],
    ['seqs that are no integers', { from_seq: 1.5, to_seq: '2' }, ['from_seq', 'to_seq']],
    ['no replacement', { replacement: undefined }, ['replacement']],
    ['a null replacement', { replacement: null }, ['replacement']],
    ['an empty replacement', { replacement: [] }, ['replacement']],
    ['a replacement that is an event', { replacement: SUMMARY }, ['replacement']],
    ['a replacement that is a string', { replacement: 'so far' }, ['replacement']],
    [
      'a bad event among good ones',
      { replacement: [SUMMARY, { role: 'robot', content: 'a' }] },
      ['replacement[1].role'],
    ],
    [
      'events with different violations',
      { replacement: [null, { role: 'user' }, { role: 'user', parts: [{}] }, { ...SUMMARY, content: 'a' }] },
      ['replacement[0]', 'replacement[1].parts', 'replacement[2].parts[0].type', 'replacement[3].content'],
    ],
    ['a negative if_version', { if_version: -1 }, ['if_version']],
    ['an if_version as a string', { if_version: '5' }, ['if_version']],
    ['an unknown field', { summary: 'so far' }, ['summary']],
    ['an idempotency key, which it does not have', { idempotency_key: 'k' }, ['idempotency_key']],
  ])('is rejected, naming the field, with %s', async (name, body, named) => {
    const id = `bad ${name}`;
    await createConversation(service.http, id, 5);
    const before = await storedState(id);
    const response = await compact(id, 1, 3, body);
    expectError(response, 400);
    expect(response.body.reason).toBeUndefined();
    expect(violationPaths(response)).toEqual(named);
    expect(await storedState(id)).toEqual(before);
  });

  it('is accepted only at if_version, and reports the current version', async () => {
    await createConversation(service.http, 'guard', 5);
    expect((await compact('guard', 1, 2, { if_version: 5 })).body.version).toBe(6);
    const before = await storedState('guard');
    for (const stale of [0, 5, 7]) {
      const response = await compact('guard', 1, 3, { if_version: stale });
      expectError(response, 409);
      expect(response.body).toMatchObject({ reason: 'version_mismatch', expected: stale, actual: 6 });
    }
    expect(await storedState('guard')).toEqual(before);
    expect((await compact('guard', 1, 3, { if_version: 6 })).body.version).toBe(7);
    expect((await compact('guard', 1, 4, { if_version: null })).body.version).toBe(8);
  });

  it('responds 404 if the conversation does not exist', async () => {
    expectError(await compact('absent', 1, 1), 404);
    expectError(await compact('absent', 5, 1, { if_version: 3 }), 404);
  });
});
