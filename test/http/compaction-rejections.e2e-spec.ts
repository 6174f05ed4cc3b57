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

describe('POST /v1/conversations/:id/compact', () => {
  it.each([
    ['overlaps the start of an active compaction', 3, 4],
    ['overlaps the end of an active compaction', 6, 8],
    ['lies inside an active compaction', 5, 5],
    ['starts with an active compaction and ends inside it', 4, 5],
    ['starts inside an active compaction and ends with it', 5, 6],
    ['starts inside an active compaction and contains the next', 6, 9],
    ['contains an active compaction and ends inside the next', 1, 4],
    ['starts inside an active compaction and ends inside the next', 2, 5],
  ])('rejects with range_overlap a range that %s', async (name, from, to) => {
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
    ['starts at 0', 0, 3],
    ['starts below 0', -2, 3],
    ['ends after the log', 5, 11],
    ['starts after the log', 11, 12],
    ['ends far after the log', 1, Number.MAX_SAFE_INTEGER],
    ['starts before the log and ends after it', 0, 11],
  ])('rejects with range_gap a range that %s', async (name, from, to) => {
    const id = `gap ${name}`;
    await createConversation(service.http, id, 10);
    const before = await storedState(id);
    const response = await compact(id, from, to);
    expectError(response, 400);
    expect(response.body.reason).toBe('range_gap');
    expect(await storedState(id)).toEqual(before);
  });

  it('rejects every range of an empty log with range_gap', async () => {
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
    ['a range that ends before it starts', { from_seq: 3, to_seq: 2 }, ['to_seq']],
    ['no from_seq', { from_seq: undefined }, ['from_seq']],
    ['no to_seq', { to_seq: null }, ['to_seq']],
    ['seqs that are not integers', { from_seq: 1.5, to_seq: '2' }, ['from_seq', 'to_seq']],
    ['no replacement', { replacement: undefined }, ['replacement']],
    ['a null replacement', { replacement: null }, ['replacement']],
    ['a replacement that is a single event', { replacement: SUMMARY }, ['replacement']],
    ['a replacement that is a string', { replacement: 'so far' }, ['replacement']],
    [
      'a replacement with one invalid event',
      { replacement: [SUMMARY, { role: 'robot', content: 'a' }] },
      ['replacement[1].role'],
    ],
    [
      'a replacement with different violations',
      { replacement: [null, { role: 'user' }, { role: 'user', parts: [{}] }, { ...SUMMARY, content: 'a' }] },
      ['replacement[0]', 'replacement[1].parts', 'replacement[2].parts[0].type', 'replacement[3].content'],
    ],
    ['a negative if_version', { if_version: -1 }, ['if_version']],
    ['an if_version as a string', { if_version: '5' }, ['if_version']],
    ['a snap that is not a boolean', { snap: 1 }, ['snap']],
    ['an unknown field', { summary: 'so far' }, ['summary']],
    ['an idempotency key, which compactions do not support', { idempotency_key: 'k' }, ['idempotency_key']],
  ])('names the field when the body has %s', async (name, body, paths) => {
    const id = `bad ${name}`;
    await createConversation(service.http, id, 5);
    const before = await storedState(id);
    const response = await compact(id, 1, 3, body);
    expectError(response, 400);
    expect(response.body.reason).toBeUndefined();
    expect(violationPaths(response)).toEqual(paths);
    expect(await storedState(id)).toEqual(before);
  });

  it('rejects a stale if_version with 409 and both versions', async () => {
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

  it('returns 404 if the conversation does not exist', async () => {
    expectError(await compact('absent', 1, 1), 404);
    expectError(await compact('absent', 5, 1, { if_version: 3 }), 404);
  });
});
