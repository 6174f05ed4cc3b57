import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HttpResponse, HttpClient } from '../support/http-client.js';
import { TestService } from '../support/test-service.js';

const EVENT = { role: 'user', parts: [{ type: 'text', text: 'hello' }] };
const ROUNDS = [1, 2, 3];

/** Two nodes on one database. */
let nodes: TestService[];
beforeAll(async () => {
  const first = await TestService.start();
  nodes = [first, await TestService.start({ database: first.database })];
});
afterAll(async () => {
  for (const node of nodes.toReversed()) await node.stop();
});

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n);
const numerically = (a: number, b: number) => a - b;

/** The client of a node; successive indexes alternate between the nodes. */
const node = (index: number): HttpClient => nodes[index % nodes.length]!.http;

/** Calls `work` for 0 … count − 1 concurrently, on alternating nodes. */
const concurrently = <T>(count: number, work: (http: HttpClient, index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(node(index), index)));

/** Reads the whole log by cursor. */
async function wholeLog(http: HttpClient, id: string): Promise<any[]> {
  const log: any[] = [];
  for (let cursor = 0; ;) {
    const { body } = await http.events(id, `?cursor=${cursor}&limit=1000`);
    if (body.events.length === 0) return log;
    log.push(...body.events);
    cursor = body.next_cursor;
  }
}

/**
 * Asserts on every node the invariants of a conversation that nobody writes to: seqs 1, 2, 3 …, increasing versions, a
 * version that counts events and compactions, and running totals that are the sums of the estimates.
 *
 * @returns its log
 */
async function expectInvariants(id: string): Promise<any[]> {
  const [log, ...others] = await Promise.all(nodes.map(({ http }) => wholeLog(http, id)));
  for (const other of others) expect(other).toEqual(log);
  expect(log!.map(({ seq }) => seq)).toEqual(range(1, log!.length));
  const versions = log!.map(({ version }) => version);
  expect(versions).toEqual([...new Set(versions)].sort(numerically));

  const { database } = nodes[0]!;
  const compactions = await database.query(
    'SELECT version::int, last_seq::int AS "lastSeq" FROM fastpaca.compactions WHERE conversation_id = $1 ORDER BY version',
    [id],
  );
  const records = await Promise.all(nodes.map(({ http }) => http.get(id)));
  for (const { body } of records) {
    expect(body.last_seq).toBe(log!.length);
    expect(body.version).toBe(log!.length + compactions.length);
  }
  // Every version is one event or one compaction.
  expect([...versions, ...compactions.map(({ version }) => version)].sort(numerically)).toEqual(
    range(1, log!.length + compactions.length),
  );
  for (const { version, lastSeq } of compactions)
    expect(log!.filter((event) => event.version < version)).toHaveLength(lastSeq);

  interface Row {
    seq: number;
    tokens: number;
    total: number;
    version: number;
  }
  const rows = await database.query<Row>(
    `SELECT seq::int, token_estimate AS tokens, tokens_total::int AS total, version::int FROM fastpaca.events
      WHERE conversation_id = $1 ORDER BY seq`,
    [id],
  );
  let total = 0;
  for (const [index, row] of rows.entries()) {
    total += row.tokens;
    expect(row).toEqual({
      seq: index + 1,
      tokens: log![index].token_estimate,
      total,
      version: log![index].version,
    });
  }
  const [record] = await database.query(
    'SELECT tokens_total::int AS total FROM fastpaca.conversations WHERE id = $1',
    [id],
  );
  expect(record.total).toBe(total);
  return log!;
}

/** Asserts that the log has the event of every acknowledged append, and no other event. */
function expectLogOf(log: any[], appends: { response: HttpResponse; name: string }[]): void {
  const acknowledged = appends.filter(({ response }) => response.status === 201);
  const bySeq = new Map(log.map((event) => [event.seq, event]));
  for (const { response, name } of acknowledged) {
    expect(bySeq.get(response.body.seq)).toMatchObject({ id: name, version: response.body.version });
  }
  expect(log.map(({ id }) => id).sort()).toEqual(acknowledged.map(({ name }) => name).sort());
}

describe.each(ROUNDS)('concurrent writers, round %i', (round) => {
  it('get seqs 1 to 100 for 100 appends', async () => {
    const id = `hundred-${round}`;
    await node(0).put(id);
    const responses = await concurrently(100, async (http, index) => {
      const name = `e-${index}`;
      const response = await http.append(id, { event: { ...EVENT, id: name, token_count: index + 1 } });
      return { response, name };
    });
    expect(responses.map(({ response }) => response.body.seq).sort(numerically)).toEqual(range(1, 100));
    for (const { response } of responses) expect(response.body.version).toBe(response.body.seq);
    expectLogOf(await expectInvariants(id), responses);
  });

  it('get consecutive seqs within every turn', async () => {
    const id = `turns-${round}`;
    await node(0).put(id);
    const responses = await concurrently(30, (http, index) =>
      http.append(id, {
        events: Array.from({ length: 1 + (index % 7) }, (_, position) => ({
          ...EVENT,
          id: `${index}/${position}`,
          token_count: index * position,
        })),
      }),
    );
    const log = await expectInvariants(id);
    expect(log).toHaveLength(responses.flatMap(({ body }) => body.events).length);
    for (const [index, { status, body }] of responses.entries()) {
      expect(status).toBe(201);
      const seqs: number[] = body.events.map(({ seq }: { seq: number }) => seq);
      expect(seqs).toEqual(range(seqs[0]!, seqs[0]! + (index % 7)));
      expect(body.version).toBe(body.events.at(-1).version);
      for (const [position, seq] of seqs.entries()) expect(log[seq - 1].id).toBe(`${index}/${position}`);
    }
  });

  it('get one success and nineteen conflicts for the same if_version', async () => {
    const id = `guarded-${round}`;
    await node(0).put(id);
    for (const version of [0, 1, 2]) {
      const responses = await concurrently(20, (http) =>
        http.append(id, { event: EVENT, if_version: version }),
      );
      const conflicts = responses.filter(({ status }) => status === 409);
      expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(conflicts).toHaveLength(19);
      for (const { body } of conflicts) {
        expect(body).toMatchObject({ reason: 'version_mismatch', expected: version, actual: version + 1 });
      }
    }
    expect(await expectInvariants(id)).toHaveLength(3);
  });

  it('all succeed if they retry with the actual version', async () => {
    const id = `compare-and-swap-${round}`;
    await node(0).put(id);
    await concurrently(8, async (http, index) => {
      let version = 0;
      for (;;) {
        const { status, body } = await http.append(id, {
          event: { ...EVENT, id: `e-${index}` },
          if_version: version,
        });
        if (status === 201) {
          expect(body.version).toBe(version + 1);
          return;
        }
        expect(body.reason).toBe('version_mismatch');
        expect(body.actual).toBeGreaterThan(version);
        version = body.actual;
      }
    });
    expect(await expectInvariants(id)).toHaveLength(8);
  });

  it('write one turn for one idempotency key, and all get its response', async () => {
    const id = `key-${round}`;
    await node(0).put(id);
    await node(0).say(id, 'before');
    for (const body of [{ event: EVENT }, { events: [EVENT, { ...EVENT, token_count: 70 }, EVENT] }]) {
      const key = `k-${'event' in body}`;
      const responses = await concurrently(20, (http) => http.append(id, { ...body, idempotency_key: key }));
      expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([201]));
      expect(responses.filter((response) => response.body.deduped === undefined)).toHaveLength(1);
      const bodies = responses.map((response) => ({ ...response.body, deduped: true }));
      expect(new Set(bodies.map((each) => JSON.stringify(each))).size).toBe(1);
    }
    expect(await expectInvariants(id)).toHaveLength(5);
  });

  it('write one event for one idempotency key with different events, and get conflicts for the others', async () => {
    const id = `key-contents-${round}`;
    await node(0).put(id);
    const responses = await concurrently(20, (http, index) =>
      http.append(id, { event: { ...EVENT, id: `e-${index}` }, idempotency_key: 'k' }),
    );
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const { status, body } of responses.filter((response) => response.status !== 201)) {
      expect({ status, reason: body.reason }).toEqual({ status: 409, reason: 'idempotency_conflict' });
    }
    const winner = responses.findIndex(({ status }) => status === 201);
    expect((await expectInvariants(id)).map((event) => event.id)).toEqual([`e-${winner}`]);
  });

  it('write each event once if they send each of 30 keys three times', async () => {
    const id = `retries-${round}`;
    await node(0).put(id);
    const responses = await concurrently(90, (http, index) =>
      http.append(id, { event: { ...EVENT, id: `e-${index % 30}` }, idempotency_key: `k-${index % 30}` }),
    );
    const log = await expectInvariants(id);
    expect(log.map((event) => event.id).sort()).toEqual(
      range(0, 29)
        .map((index) => `e-${index}`)
        .sort(),
    );
    for (const [index, { status, body }] of responses.entries()) {
      expect(status).toBe(201);
      expect(log[body.seq - 1].id).toBe(`e-${index % 30}`);
    }
  });

  it('lose no acknowledged event and append none after the tombstone in a race with DELETE', async () => {
    for (const delay of [0, 3, 10]) {
      const id = `deleted-${round}-${delay}`;
      await node(0).put(id);
      const appends = concurrently(60, async (http, index) => {
        const name = `e-${index}`;
        return { response: await http.append(id, { event: { ...EVENT, id: name } }), name };
      });
      await new Promise((resolve) => setTimeout(resolve, delay));
      expect((await node(delay).delete(id)).status).toBe(204);
      // From now on the log must not change.
      const atDelete = (await node(delay + 1).get(id)).body;
      const responses = await appends;
      for (const { response } of responses.filter((each) => each.response.status !== 201)) {
        expect({ status: response.status, reason: response.body.reason }).toEqual({
          status: 409,
          reason: 'tombstoned',
        });
      }
      const log = await expectInvariants(id);
      expectLogOf(log, responses);
      expect((await node(0).get(id)).body).toEqual(atDelete);
    }
  });

  it('lose no event in a race with compactions, and each compaction covers only its range', async () => {
    const id = `compacted-${round}`;
    await node(0).put(id, { token_budget: 1_000_000, policy: { strategy: 'budget' } });
    await node(0).append(id, { events: range(1, 20).map((seq) => ({ ...EVENT, id: `start-${seq}` })) });

    const appending = concurrently(80, async (http, index) => {
      const name = `e-${index}`;
      return { response: await http.append(id, { event: { ...EVENT, id: name } }), name };
    });
    let covered = 0;
    let compactions = 0;
    for (let turn = 0; turn < 8; turn += 1) {
      const { last_seq: lastSeq, version } = (await node(turn).get(id)).body;
      const response = await node(turn + 1).compact(id, {
        from_seq: 1,
        to_seq: lastSeq,
        replacement: [{ role: 'system', content: `up to ${lastSeq}` }],
      });
      expect(response.status).toBe(200);
      expect(response.body.version).toBeGreaterThan(version);
      covered = lastSeq;
      compactions += 1;
    }
    const responses = await appending;
    for (const { response } of responses) expect(response.status).toBe(201);

    const log = await expectInvariants(id);
    expect(log).toHaveLength(100);
    expectLogOf(log.slice(20), responses);
    for (const { http } of nodes) {
      expect((await http.get(id)).body.version).toBe(100 + compactions);
      const { messages, segments, version, used_tokens: used } = (await http.window(id)).body;
      expect(version).toBe(100 + compactions);
      expect(messages[0]).toMatchObject({
        from_seq: 1,
        to_seq: covered,
        parts: [{ text: `up to ${covered}` }],
      });
      expect(messages.slice(1).map(({ seq }: any) => seq)).toEqual(range(covered + 1, 100));
      expect(segments[0]).toEqual({ type: 'summary', from_seq: 1, to_seq: covered });
      const [sum] = await nodes[0]!.database.query(
        `SELECT (SELECT COALESCE(sum(token_estimate), 0) FROM fastpaca.events WHERE conversation_id = $1 AND seq > $2)::int
              + (SELECT token_estimate FROM fastpaca.compactions
                  WHERE conversation_id = $1 ORDER BY version DESC LIMIT 1)::int AS tokens`,
        [id, covered],
      );
      expect(used).toBe(sum.tokens);
    }
  });

  it('preserve the invariants with requests of every kind, and each window reflects one version', async () => {
    const id = `all-${round}`;
    await node(0).put(id, { token_budget: 1_000_000, policy: { strategy: 'budget' } });
    await node(0).append(id, { events: [EVENT, EVENT, EVENT, EVENT] });
    const responses = await concurrently(120, async (http, index) => {
      const text = `message ${index}`;
      switch (index % 8) {
        case 0:
          return http.compact(id, {
            from_seq: 1 + (index % 3),
            to_seq: 2 + (index % 3),
            replacement: [EVENT],
          });
        case 1:
          return http.put(id, { token_budget: 900_000 + index });
        case 2:
          return http.patch(id, { [`k${index}`]: index });
        case 3:
          return http.append(id, {
            events: [EVENT, { role: 'assistant', content: text }],
            idempotency_key: text,
          });
        case 4: {
          const response = await http.window(id);
          const { version, messages, segments } = response.body;
          // The segments cover the log up to the version of the window, without a gap.
          const covers = segments.map((each: any) => each.to_seq - each.from_seq + 1);
          const seqs = covers.reduce((sum: number, count: number) => sum + count, 0);
          expect(seqs).toBe(segments.at(-1).to_seq);
          expect(version).toBeGreaterThanOrEqual(seqs);
          expect(messages.length).toBeGreaterThan(0);
          return response;
        }
        case 5:
          return http.append(id, { event: EVENT, if_version: 4 });
        default:
          return http.say(id, text);
      }
    });
    for (const [index, { status, body }] of responses.entries()) {
      const allowed = { 0: [200, 400], 3: [201], 5: [201, 409] }[index % 8] ?? [200, 201];
      expect(allowed).toContain(status);
      if (status === 400) expect(body.reason).toBe('range_overlap');
      if (status === 409) expect(body.reason).toBe('version_mismatch');
    }
    await expectInvariants(id);
    expect(Object.keys((await node(0).get(id)).body.metadata)).toHaveLength(15);
  });
});

describe('concurrent writers of many conversations', () => {
  it('append every event to its own conversation', async () => {
    const ids = range(1, 15).map((n) => `many-${n}`);
    await Promise.all(ids.map((id) => node(0).put(id)));
    const responses = await concurrently(300, async (http, index) => {
      const id = ids[index % ids.length]!;
      const name = `${id}/${index}`;
      return {
        id,
        name,
        response: await http.append(id, { event: { ...EVENT, id: name }, idempotency_key: `k-${index}` }),
      };
    });
    for (const id of ids) {
      const log = await expectInvariants(id);
      expect(log).toHaveLength(20);
      expectLogOf(
        log,
        responses.filter((each) => each.id === id),
      );
    }
  });
});

describe('concurrent PUTs of a new conversation', () => {
  it('get 201 once and 200 otherwise', async () => {
    for (let round = 1; round <= 100; round += 1) {
      const responses = await concurrently(10, (http) => http.put(`new-${round}`));
      const statuses = responses.map(({ status }) => status).sort(numerically);
      expect([round, statuses]).toEqual([round, [...Array<number>(9).fill(200), 201]]);
    }
  });
});
