import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { HttpResponse } from '../support/http-client.js';
import { TestService } from '../support/test-service.js';

const WRITERS = 64;
const TURNS = 20;
/** Number of conversations with several writers. Every writer also has its own conversation. */
const SHARED = 4;
const ROUNDS = Number(process.env.STRESS_ROUNDS ?? 2);

/** Two nodes on one database: both may write to the same conversation. */
let nodes: TestService[];
beforeAll(async () => {
  const first = await TestService.start({ env: { FASTPACA_POOL_SIZE: '8' } });
  nodes = [first, await TestService.start({ env: { FASTPACA_POOL_SIZE: '8' }, database: first.database })];
});
afterAll(async () => {
  for (const service of nodes.reverse()) await service.stop();
});

/** An append and its responses. */
interface Sent {
  id: string;
  kind: 'plain' | 'turn' | 'retried' | 'guarded' | 'stale' | 'unknown' | 'tombstoned' | 'invalid';
  /** The texts of its events, which no other append has. */
  texts: string[];
  key?: string;
  ifVersion?: number;
  responses: HttpResponse[];
}

type Kind = Sent['kind'];

const event = (text: string) => ({ role: 'user', parts: [{ type: 'text', text }] });

/** Runs one writer, which appends these kinds one after the other. */
async function write(round: number, writer: number, kinds: readonly Kind[]): Promise<Sent[]> {
  const sent: Sent[] = [];
  for (const [turn, kind] of kinds.entries()) {
    const { http } = nodes[(writer + turn) % 2]!;
    const own = `own-${round}-${writer}`;
    const id =
      { unknown: `absent-${round}`, tombstoned: `dead-${round}` }[kind as string] ??
      (turn % 2 ? own : `shared-${round}-${writer % SHARED}`);
    const name = `${round}/${writer}/${turn}`;
    const texts = kind === 'turn' ? [`${name}a`, `${name}b`, `${name}c`] : [name];
    const key = kind === 'retried' || writer % 3 === 0 ? `key-${name}` : undefined;
    const body: Record<string, unknown> = {
      ...(kind === 'turn' ? { events: texts.map(event) } : { event: event(name) }),
      ...(key && { idempotency_key: key }),
    };
    if (kind === 'invalid') body.event = { role: 'nobody', parts: [] };
    if (kind === 'stale') body.if_version = 1_000_000;
    if (kind === 'guarded') body.if_version = (await http.get(id)).body.version;
    const other = nodes[(writer + turn + 1) % 2]!.http;
    // A retried append is sent three times at once, on both nodes.
    const responses = await Promise.all(
      kind === 'retried'
        ? [http.append(id, body), other.append(id, body), http.append(id, body)]
        : [http.append(id, body)],
    );
    sent.push({ id, kind, texts, key, ifVersion: body.if_version as number | undefined, responses });
  }
  return sent;
}

/** The responses that each kind may get. */
const ALLOWED: Record<Kind, [status: number, reason?: string][]> = {
  plain: [[201]],
  turn: [[201]],
  retried: [[201]],
  guarded: [[201], [409, 'version_mismatch']],
  stale: [[409, 'version_mismatch']],
  unknown: [[404]],
  tombstoned: [[409, 'tombstoned']],
  invalid: [[400]],
};

async function wholeLog(service: TestService, id: string): Promise<any[]> {
  const log: any[] = [];
  for (let cursor = 0; ;) {
    const { body } = await service.http.events(id, `?cursor=${cursor}&limit=1000`);
    if (body.events.length === 0) return log;
    log.push(...body.events);
    cursor = body.next_cursor;
  }
}

describe('64 writers on own and on shared conversations', () => {
  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'store every acknowledged turn once, as acknowledged, and no other event: round %i',
    async (round) => {
      const ids = [
        ...Array.from({ length: SHARED }, (_, n) => `shared-${round}-${n}`),
        ...Array.from({ length: WRITERS }, (_, n) => `own-${round}-${n}`),
      ];
      const { http } = nodes[0]!;
      for (const id of [...ids, `dead-${round}`]) expect((await http.put(id)).status).toBe(201);
      expect((await http.delete(`dead-${round}`)).status).toBe(204);

      const kind = fc.constantFrom<Kind[]>(
        'plain',
        'plain',
        'plain',
        'turn',
        'turn',
        'retried',
        'guarded',
        'stale',
        'unknown',
        'tombstoned',
        'invalid',
      );
      const seed = Date.now() % 1_000_000;
      const plans = fc.sample(fc.array(kind, { minLength: TURNS, maxLength: TURNS }), {
        numRuns: WRITERS,
        seed,
      });
      const sent = (await Promise.all(plans.map((kinds, writer) => write(round, writer, kinds)))).flat();

      const logs = new Map<string, any[]>();
      for (const id of ids) {
        const log = await wholeLog(nodes[0]!, id);
        expect(await wholeLog(nodes[1]!, id)).toEqual(log);
        logs.set(id, log);
        expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
        expect(log.map(({ version }) => version)).toEqual(log.map((_, index) => index + 1));
        const { body: record } = await nodes[1]!.http.get(id);
        expect([record.last_seq, record.version]).toEqual([log.length, log.length]);
        const [total] = await nodes[0]!.database.query(
          `SELECT c.tokens_total::int AS head, (SELECT COALESCE(max(tokens_total), 0)::int FROM fastpaca.events WHERE conversation_id = $1) AS last,
                  (SELECT count(*)::int FROM fastpaca.events e WHERE conversation_id = $1 AND e.tokens_total <>
                    (SELECT sum(token_estimate) FROM fastpaca.events o WHERE o.conversation_id = $1 AND o.seq <= e.seq)) AS wrong
             FROM fastpaca.conversations c WHERE id = $1`,
          [id],
        );
        const sum = log.reduce((tokens: number, each) => tokens + Number(each.token_estimate), 0);
        expect({ seed, id, ...total }).toEqual({ seed, id, head: sum, last: sum, wrong: 0 });
      }

      let expected = 0;
      for (const { id, kind: what, texts, ifVersion, responses } of sent) {
        for (const { status, body } of responses)
          expect([seed, what, ALLOWED[what].map(String)]).toEqual([
            seed,
            what,
            expect.arrayContaining([String([status, ...(status === 409 ? [body.reason] : [])])]),
          ]);
        const log = logs.get(id) ?? [];
        const stored = log.filter(({ parts }) => texts.includes(parts[0].text));
        const written = responses.filter(({ status }) => status === 201);
        expect([seed, id, stored.map(({ parts }) => parts[0].text)]).toEqual([
          seed,
          id,
          written.length ? texts : [],
        ]);
        expected += stored.length;
        // All responses name the same seqs, and exactly one is not deduped.
        for (const { body } of written) {
          const entries = (body.events ?? [body]).map(({ seq, version, token_estimate: tokens }: any) => [
            seq,
            version,
            tokens,
          ]);
          expect(entries).toEqual(
            stored.map(({ seq, version, token_estimate: tokens }) => [seq, version, tokens]),
          );
          expect(entries).toEqual(
            entries.map(([seq]: number[], n: number) => [Number(entries[0][0]) + n, seq, expect.any(Number)]),
          );
          if (ifVersion !== undefined) expect([seed, id, body.version]).toEqual([seed, id, ifVersion + 1]);
        }
        if (written.length) expect(written.filter(({ body }) => !body.deduped)).toHaveLength(1);
      }
      // No log has an event that was not sent.
      expect([...logs.values()].reduce((events, log) => events + log.length, 0)).toBe(expected);
    },
  );
});
