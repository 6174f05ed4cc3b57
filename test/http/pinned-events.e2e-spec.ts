import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationId } from '../../src/common/conversation-id.js';
import { ConversationsService } from '../../src/conversations/conversations.service.js';
import { Database } from '../../src/database/database.js';
import { EventsService } from '../../src/events/events.service.js';
import { expectConflict, expectError, violationPaths } from '../support/error-shape.js';
import type { HttpResponse } from '../support/http-client.js';
import { TestService } from '../support/test-service.js';

/** Two nodes on one database. */
let nodes: TestService[];
let database: TestService['database'];
beforeAll(async () => {
  const first = await TestService.start();
  nodes = [first, await TestService.start({ database: first.database })];
  database = first.database;
});
afterAll(async () => {
  for (const node of nodes.toReversed()) await node.stop();
});

const MAX = 256;
const http = (index: number) => nodes[index % nodes.length]!.http;
const message = (role: string, more: object = {}) => ({ role, content: `says ${role}`, ...more });
const PINNED = { ...message('user'), role: 'user' as const, pinned: true };
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** What the row of the conversation says about its pins. */
async function storedPins(id: string): Promise<{ head: number | null; pinned: number[] }> {
  const [row] = await database.query(
    'SELECT head_length::int AS head, pinned_seqs::int[] AS pinned FROM fastpaca.conversations WHERE id = $1',
    [id],
  );
  return row;
}

/** Appends `count` messages, 100 at a time. */
async function fill(id: string, count: number, event: object): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const events = times(Math.min(100, count - done), () => event);
    expect((await http(0).append(id, { events })).status).toBe(201);
  }
}

/** The pinned events as a node reads them. `lastSeq` reads them as of an older end of the log. */
async function readPins(
  id: string,
  { node = nodes[0]!, lastSeq, maxBytes = 1e9, pinHead = true }: ReadOptions = {},
): Promise<{
  seqs: number[];
  explicit: number[];
  headLength: number;
  cutByBytes: boolean;
  statements: string[];
}> {
  const statements: string[] = [];
  const conversation = new ConversationId('default', id);
  const record = await node.app.get(ConversationsService).get(conversation);
  const executor = node.app.get(Database);
  const query = executor.query.bind(executor);
  executor.query = (statement, values) => {
    statements.push(statement.name);
    return query(statement, values);
  };
  const asOf = { ...record, lastSeq: lastSeq ?? record.lastSeq };
  const { events, headLength, cutByBytes } = await node.app
    .get(EventsService)
    .pinned(conversation, asOf, maxBytes, pinHead);
  executor.query = query;
  const explicit = events.filter(({ pinned }) => pinned).map(({ seq }) => seq);
  return { seqs: events.map(({ seq }) => seq), explicit, headLength, cutByBytes, statements };
}

interface ReadOptions {
  node?: TestService;
  lastSeq?: number;
  maxBytes?: number;
  pinHead?: boolean;
}

describe('`pinned` of an event', () => {
  it.each([['yes'], ['true'], [1], [0], [[]], [{}]])('is rejected with 400 when it is %j', async (pinned) => {
    await http(0).put('p-rules');
    const single = await http(0).append('p-rules', { event: message('user', { pinned }) });
    expectError(single, 400);
    expect(violationPaths(single)).toEqual(['event.pinned']);
    const turn = await http(0).append('p-rules', { events: [PINNED, message('user', { pinned })] });
    expect(violationPaths(turn)).toEqual(['events[1].pinned']);
    expect((await http(0).get('p-rules')).body.last_seq).toBe(0);
  });

  it('is stored as it was sent; false and null mean the same as absent', async () => {
    await http(0).put('p-stored');
    for (const pinned of [false, true, null])
      expect((await http(0).append('p-stored', { event: message('user', { pinned }) })).status).toBe(201);
    const { body } = await http(1).events('p-stored');
    expect(body.events.map((event: any) => event.pinned)).toEqual([false, true, null]);
    expect(await storedPins('p-stored')).toEqual({ head: 0, pinned: [2] });
  });

  it('has no effect on a replacement message of a compaction', async () => {
    await http(0).put('p-replacement');
    await fill('p-replacement', 3, message('user'));
    const replacement = [message('system', { pinned: true })];
    const response = await http(0).compact('p-replacement', { from_seq: 1, to_seq: 2, replacement });
    expect(response.status).toBe(200);
    expect(await storedPins('p-replacement')).toEqual({ head: 0, pinned: [] });
    expect((await http(0).window('p-replacement')).body.messages[0].pinned).toBe(true);
  });

  it('counts at its place in a turn', async () => {
    await http(0).put('p-turn');
    await fill('p-turn', 2, message('user'));
    await http(0).append('p-turn', { events: [message('user'), PINNED, message('assistant'), PINNED] });
    await http(0).append('p-turn', { event: PINNED });
    expect(await storedPins('p-turn')).toEqual({ head: 0, pinned: [4, 6, 7] });
  });
});

describe('the limit of 256 pinned events', () => {
  it('rejects the append that would exceed it, names the events that are too many, and stores nothing', async () => {
    const id = 'p-limit';
    await http(0).put(id);
    await fill(id, MAX - 2, PINNED);
    const turn = { events: [PINNED, message('user'), PINNED, PINNED, PINNED] };
    const tooMany = await http(0).append(id, turn);
    expectError(tooMany, 400);
    expect(violationPaths(tooMany)).toEqual(['events[3].pinned', 'events[4].pinned']);
    expect(tooMany.body.details[0].message).toMatch(
      /254 pinned events, and can have 256; append the event without/,
    );
    expect((await http(0).get(id)).body.version).toBe(MAX - 2);
    await http(0).append(id, { events: [PINNED, PINNED], idempotency_key: 'last' });
    const one = await http(1).append(id, { event: PINNED });
    expectError(one, 400);
    expect(violationPaths(one)).toEqual(['event.pinned']);
    expect(violationPaths(await http(1).append(id, { events: [PINNED] }))).toEqual(['events[0].pinned']);
    // Not pinned: no limit.
    await fill(id, 5, message('user', { pinned: false }));
    expect((await storedPins(id)).pinned).toEqual(times(MAX, (index) => index + 1));
    // The order of checks: key, tombstone, version, and only then the limit.
    const repeated = await http(1).append(id, { events: [PINNED, PINNED], idempotency_key: 'last' });
    expect(repeated.body).toMatchObject({ deduped: true, version: MAX });
    expectConflict(
      await http(0).append(id, { event: PINNED, idempotency_key: 'last' }),
      'idempotency_conflict',
    );
    expectConflict(await http(0).append(id, { event: PINNED, if_version: 3 }), 'version_mismatch', {
      expected: 3,
      actual: MAX + 5,
    });
    await http(0).delete(id);
    expectConflict(await http(0).append(id, { event: PINNED }), 'tombstoned');
  });

  it('is a 400 for callers in the process, too', async () => {
    await http(0).put('p-in-process');
    await fill('p-in-process', MAX, PINNED);
    const append = nodes[0]!.app.get(EventsService).append(new ConversationId('default', 'p-in-process'), {
      events: [{ ...PINNED, pinned: false }, PINNED],
    });
    await expect(append).rejects.toMatchObject({
      status: 400,
      details: [{ path: 'events[1].pinned', message: expect.any(String) }],
    });
  });

  it.each([1, 2, 3, 4, 5])('holds for concurrent appends on two nodes (round %i)', async (round) => {
    const id = `p-limit-race-${round}`;
    await http(0).put(id);
    await fill(id, 200, PINNED);
    // 30 turns with 90 pinned events for 56 places, among 30 events that are not pinned.
    const responses = await Promise.all(
      times(60, (index): Promise<HttpResponse> => {
        if (index % 2) return http(index >> 1).append(id, { event: message('assistant') });
        const events = times(1 + ((index >> 1) % 5), () => PINNED);
        return http(index >> 1).append(id, { events });
      }),
    );
    const { pinned } = await storedPins(id);
    const written = responses.filter(({ status }, index) => status === 201 && index % 2 === 0);
    const rejected = responses.filter(({ status }) => status !== 201);
    expect(pinned).toHaveLength(
      200 + written.reduce((sum, { body }) => sum + (body.events.length as number), 0),
    );
    expect(pinned.length).toBeLessThanOrEqual(MAX);
    expect(pinned.length).toBeGreaterThan(MAX - 5); // a turn of five is only rejected if fewer places are left
    for (const response of rejected) expectError(response, 400);
    const { body } = await http(1).events(id, '?from_seq=1');
    const inLog = body.events.filter((event: any) => event.pinned).map((event: any) => event.seq);
    expect(inLog).toEqual(pinned);
  });
});

describe('the head of a log', () => {
  const headAfter = async (id: string, turns: (string | string[])[]) => {
    await http(0).put(id);
    for (const roles of turns) {
      const body = Array.isArray(roles)
        ? { events: roles.map((role) => message(role)) }
        : { event: message(roles) };
      expect((await http(0).append(id, body)).status).toBe(201);
    }
    return (await storedPins(id)).head;
  };

  it.each<[string, (string | string[])[], number]>([
    ['one event each', ['system', 'developer', 'user', 'system'], 2],
    ['a turn', [['system', 'developer', 'system', 'user', 'system']], 3],
    ['a turn that continues it', ['system', ['developer', 'user', 'system'], ['system']], 2],
    ['turns that consist of it', [['system', 'system'], ['system'], 'developer'], 4],
    ['none', ['user', 'system'], 0],
    ['none, in a turn', [['assistant', 'system'], 'system'], 0],
  ])('is the leading system and developer events: %s', async (title, turns, head) => {
    expect(await headAfter(`p-head ${title}`, turns)).toBe(head);
  });

  it('has at most 256 events', async () => {
    await http(0).put('p-head-long');
    await fill('p-head-long', 300, message('system'));
    expect((await storedPins('p-head-long')).head).toBe(MAX);
    await http(0).append('p-head-long', { event: message('system') });
    expect((await storedPins('p-head-long')).head).toBe(MAX);
    expect((await readPins('p-head-long')).seqs).toEqual(times(MAX, (index) => index + 1));
    await http(0).put('p-head-at-limit');
    await fill('p-head-at-limit', MAX, message('developer'));
    await fill('p-head-at-limit', 2, message('system'));
    expect((await storedPins('p-head-at-limit')).head).toBe(MAX);
  });

  it.each([1, 2, 3, 4, 5, 6])('is that of the log when many append at once (round %i)', async (round) => {
    const ids = times(8, (index) => `p-head-race-${round}-${index}`);
    for (const id of ids) await http(0).put(id);
    const roles = ['system', 'developer', 'system', 'user', 'assistant', 'tool'];
    await Promise.all(
      ids.flatMap((id, index) =>
        times(12, (n) => {
          const role = roles[(index + n * round) % roles.length]!;
          const events = n % 3 ? [message(role)] : [message(role), message('system')];
          return http(n).append(id, { events });
        }),
      ),
    );
    for (const id of ids) {
      const { body } = await http(0).events(id);
      const others = body.events.findIndex(({ role }: any) => role !== 'system' && role !== 'developer');
      expect((await storedPins(id)).head).toBe(others === -1 ? body.events.length : others);
    }
  });
});

describe('reading the pinned events', () => {
  it('returns head and pinned events in order, from one statement, and then from the cache', async () => {
    const id = 'p-read';
    await http(0).put(id);
    await http(0).append(id, {
      events: [
        message('system', { pinned: true }),
        message('developer'),
        message('user'),
        PINNED,
        message('system'),
      ],
    });
    const expected = { seqs: [1, 2, 4], explicit: [1, 4], headLength: 2, cutByBytes: false };
    expect(await readPins(id)).toEqual({ ...expected, statements: ['read_pinned'] });
    expect(await readPins(id)).toEqual({ ...expected, statements: [] });
    await fill(id, 3, message('assistant'));
    expect(await readPins(id)).toEqual({ ...expected, statements: [] });
    expect(await readPins(id, { pinHead: false })).toEqual({
      seqs: [1, 4],
      explicit: [1, 4],
      headLength: 0,
      cutByBytes: false,
      statements: ['read_pinned'],
    });
    await http(1).append(id, { event: PINNED });
    expect(await readPins(id)).toEqual({
      ...expected,
      seqs: [1, 2, 4, 9],
      explicit: [1, 4, 9],
      statements: ['read_pinned'],
    });
    expect((await readPins(id, { node: nodes[1]! })).seqs).toEqual([1, 2, 4, 9]);
    // As of an older end of the log, also before that of the cached events.
    expect(await readPins(id, { lastSeq: 3 })).toMatchObject({ seqs: [1, 2], headLength: 2, statements: [] });
    expect(await readPins(id, { lastSeq: 1 })).toMatchObject({ seqs: [1], headLength: 1 });
    expect(await readPins(id, { node: nodes[1]!, pinHead: false, lastSeq: 4 })).toMatchObject({
      seqs: [1, 4],
    });
    expect(await readPins(id, { node: nodes[1]!, pinHead: false })).toMatchObject({
      seqs: [1, 4, 9],
      statements: [],
    });
  });

  it('sends no statement for a conversation without pins', async () => {
    await http(0).put('p-none');
    expect((await readPins('p-none')).statements).toEqual([]);
    await fill('p-none', 3, message('user'));
    expect(await readPins('p-none')).toMatchObject({ seqs: [], statements: [] });
    await http(0).put('p-only-head');
    await fill('p-only-head', 2, message('system'));
    expect(await readPins('p-only-head', { pinHead: false })).toMatchObject({ seqs: [], statements: [] });
  });

  it('returns the oldest that fit the limit of bytes, and says so', async () => {
    const id = 'p-bytes';
    await http(0).put(id);
    const large = (role: string) => ({ role, content: 'x'.repeat(3_000_000), token_count: 1, pinned: true });
    for (const role of ['system', 'user', 'user', 'user']) await http(0).append(id, { event: large(role) });
    const seqsWithin = async (maxBytes: number) => {
      const { seqs, cutByBytes } = await readPins(id, { maxBytes });
      return [seqs, cutByBytes];
    };
    expect(await seqsWithin(2_999_999)).toEqual([[], true]);
    expect(await seqsWithin(6_100_000)).toEqual([[1, 2], true]);
    expect(await seqsWithin(9_100_000)).toEqual([[1, 2, 3], true]);
    expect(await seqsWithin(12_100_000)).toEqual([[1, 2, 3, 4], false]);
    const small = 'p-bytes-cached';
    await http(0).put(small);
    for (let n = 0; n < 3; n += 1) await http(0).append(small, { event: PINNED });
    expect((await readPins(small)).seqs).toEqual([1, 2, 3]);
    const oneBody = JSON.stringify({
      role: 'user',
      parts: [{ type: 'text', text: 'says user' }],
      pinned: true,
    }).length;
    expect(await readPins(small, { maxBytes: 2 * oneBody })).toMatchObject({
      seqs: [1, 2],
      cutByBytes: true,
      statements: [],
    });
    expect(await readPins(small, { maxBytes: 2 * oneBody - 1 })).toMatchObject({
      seqs: [1],
      cutByBytes: true,
    });
  });
});

describe('a log that began before the head was counted', () => {
  /** Makes the row what it would be after the migration. */
  const asMigrated = (id: string) =>
    database.query("UPDATE fastpaca.conversations SET head_length = NULL, pinned_seqs = '{}' WHERE id = $1", [
      id,
    ]);

  it('has its head found in its first events, once per node', async () => {
    const id = 'p-old';
    await http(0).put(id);
    await fill(id, 40, message('system'));
    await fill(id, 2, message('user'));
    await asMigrated(id);
    const first = await readPins(id);
    expect(first.seqs).toEqual(times(40, (index) => index + 1));
    expect(first.statements).toEqual([...times(3, () => 'read_forward'), 'read_pinned']);
    expect(await readPins(id)).toMatchObject({ headLength: 40, statements: [] });
    await http(0).append(id, { events: [message('system'), PINNED] });
    expect(await storedPins(id)).toEqual({ head: null, pinned: [44] });
    expect(await readPins(id)).toMatchObject({ headLength: 40, explicit: [44], statements: ['read_pinned'] });
    expect((await readPins(id)).seqs).toEqual([...times(40, (index) => index + 1), 44]);
    expect((await readPins(id, { node: nodes[1]! })).headLength).toBe(40);
  });

  it('has no head if it begins with another event, which is found with one statement', async () => {
    const id = 'p-old-none';
    await http(0).put(id);
    await fill(id, 3, message('user'));
    await asMigrated(id);
    expect(await readPins(id)).toMatchObject({ seqs: [], headLength: 0, statements: ['read_forward'] });
    await fill(id, 3, message('system'));
    expect(await readPins(id)).toMatchObject({ seqs: [], headLength: 0, statements: [] });
  });

  it('has a head that grows while nothing else is in the log', async () => {
    const id = 'p-old-open';
    await http(0).put(id);
    await fill(id, 2, message('system'));
    await asMigrated(id);
    expect(await readPins(id)).toMatchObject({ seqs: [1, 2] });
    expect(await readPins(id)).toMatchObject({ seqs: [1, 2], statements: [] });
    await fill(id, 1, message('developer'));
    expect(await readPins(id)).toMatchObject({ seqs: [1, 2, 3], headLength: 3 });
    await fill(id, 300, message('developer'));
    expect(await readPins(id)).toMatchObject({ headLength: MAX });
    expect(await readPins(id)).toMatchObject({ headLength: MAX, statements: [] });
    expect((await storedPins(id)).head).toBeNull();
  });

  it('counts its head as any other if its first event comes after the migration', async () => {
    const id = 'p-old-empty';
    await http(0).put(id);
    await asMigrated(id);
    await fill(id, 2, message('system'));
    expect((await storedPins(id)).head).toBe(2);
    await http(0).put(`${id}-user`);
    await asMigrated(`${id}-user`);
    await fill(`${id}-user`, 1, message('user'));
    expect((await storedPins(`${id}-user`)).head).toBe(0);
  });
});
