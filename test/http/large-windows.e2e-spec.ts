import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Database } from '../../src/database/database.js';
import { READ_SUFFIX } from '../../src/events/event-log.sql.js';
import type { Statement } from '../../src/database/statement.js';
import { PolicyConfigReader } from '../../src/policies/policy-config.js';
import type { Timeline } from '../../src/policies/timeline.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from '../../src/policies/window-policy.js';
import { TestService } from '../support/test-service.js';

const MB = 1_000_000;
/** Maximum bytes that one statement may read: 8 MiB, or one event of the maximum size. */
const MAX_STATEMENT_BYTES = 10 * MB;

/** Selects by seq, as `budget` does, but finds the seq by reading events. */
@Injectable()
@RegisterPolicy({ strategy: 'from_oldest_scanned' })
class FromOldestScannedPolicy implements WindowPolicy<void> {
  readonly timeless = true;

  parseConfig(raw: Record<string, unknown>): void {
    new PolicyConfigReader(raw).finish();
  }

  async select(timeline: Timeline): Promise<Selection> {
    let fromSeq = 1;
    for await (const { seq } of timeline.newestFirst()) fromSeq = seq;
    return { fromSeq };
  }
}

@Module({ providers: [FromOldestScannedPolicy] })
class TeamModule {}

let service: TestService;
/** The parameters of each READ_SUFFIX statement. */
let suffixReads: unknown[][] = [];
/** Called before and after each statement. */
let before: (statement: Statement) => Promise<void> | void;
let after: (statement: Statement, rows: number) => void;

beforeAll(async () => {
  service = await TestService.start({ env: { FASTPACA_CACHE_BYTES: '0' }, modules: [TeamModule] });
  const database = service.app.get(Database);
  const query = database.query.bind(database);
  database.query = async (statement, values) => {
    if (statement.name === READ_SUFFIX.name) suffixReads.push(values);
    await before(statement);
    const rows = await query(statement, values);
    after(statement, rows.length);
    return rows as never[];
  };
});
afterAll(() => service.stop());
beforeEach(() => {
  suffixReads = [];
  before = () => undefined;
  after = () => undefined;
});

/** Creates a conversation with one event per size, in MB. Each event counts as one token. */
async function createConversation(id: string, sizes: number[]): Promise<void> {
  await service.http.put(id, { token_budget: 1_000_000, policy: { strategy: 'budget' } });
  await service.database.query(
    `INSERT INTO fastpaca.events (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at)
     SELECT 'default', $1, n, n, ('{"role":"user","parts":[{"type":"text","text":"' || repeat('x', (mb * 1e6)::integer) || '"}]}')::json,
            1, n, now()
       FROM unnest($2::numeric[]) WITH ORDINALITY AS e (mb, n)`,
    [id, sizes],
  );
  await service.database.query(
    'UPDATE fastpaca.conversations SET version = $2, last_seq = $2, tokens_total = $2 WHERE id = $1',
    [id, sizes.length],
  );
}

async function seqs(id: string, query = ''): Promise<number[]> {
  const { status, body } = await service.http.window(id, query);
  expect(status).toBe(200);
  return body.messages.map(({ seq }: { seq: number }) => seq);
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('a large window', () => {
  it('is read in statements of at most 8 MiB or one event each', async () => {
    const sizes = [0.1, 1, 2, 3, 9.5, 0.1, 0.1, 5, 4, 3, 0.1, 9.5];
    await createConversation('steps', sizes);
    expect(await seqs('steps')).toEqual(upTo(12));
    expect(await seqs('steps', '?budget_tokens=9')).toEqual(upTo(12).slice(3));
    for (const values of suffixReads) expect(values[5]).toBeLessThanOrEqual(MAX_STATEMENT_BYTES);
  });

  it('is complete if it contains compactions', async () => {
    await createConversation('compacted', [1, 1, 1, 6, 1, 6, 1, 1, 6, 1]);
    const replacement = [{ role: 'system', content: 's', token_count: 1 }];
    for (const [from_seq, to_seq] of [
      [2, 3],
      [5, 5],
      [10, 10],
    ])
      await service.http.compact('compacted', { from_seq, to_seq, replacement });
    expect(await seqs('compacted')).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10]);
    expect(await seqs('compacted', '?budget_tokens=7')).toEqual([2, 5, 6, 7, 8, 9, 10]);
    for (const values of suffixReads) expect(values[5]).toBeLessThanOrEqual(MAX_STATEMENT_BYTES);
  });

  it('is complete if its policy reads events to select by seq', async () => {
    await createConversation('scanned', Array<number>(9).fill(1));
    await service.http.put('scanned', { policy: { strategy: 'from_oldest_scanned' } });
    expect(await seqs('scanned')).toEqual(upTo(9));
  });

  it('is built one at a time when several are requested concurrently', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    for (const id of ids) await createConversation(id, Array<number>(9).fill(1));
    const read = await Promise.all(ids.map((id) => seqs(id)));
    expect(read).toEqual(ids.map(() => upTo(9)));
    // Each window is first tried as a small one. After that, statements of different conversations do not interleave.
    const large = suffixReads.filter((values) => (values[5] as number) > 4 * 1024 * 1024).map(([, id]) => id);
    expect(large.length).toBeGreaterThan(ids.length);
    expect(new Set(large)).toEqual(new Set(ids));
    expect(large).toEqual([...Map.groupBy(large, (id) => id).values()].flat());
  });
});

describe('concurrent readers of one window', () => {
  it('use a single build', async () => {
    await createConversation('shared', [0.001, 0.001, 0.001]);
    const readers = 8;
    let records = 0;
    let allHaveRead: () => void = () => undefined;
    const recordsRead = new Promise<void>((resolve) => (allHaveRead = resolve));
    before = ({ name }) => (name === READ_SUFFIX.name ? recordsRead : undefined);
    after = ({ name }, rows) => {
      if (name.startsWith('find_conversation')) records += rows;
      if (records >= readers) allHaveRead();
    };
    const read = await Promise.all(Array.from({ length: readers }, () => seqs('shared')));
    expect(read).toEqual(Array.from({ length: readers }, () => [1, 2, 3]));
    expect(suffixReads).toHaveLength(1);
  });

  it('do not give an outdated build to readers that arrive after a change', async () => {
    await createConversation('changed', [0.001]);
    let started: () => void = () => undefined;
    const firstBuild = new Promise<void>((resolve) => (started = resolve));
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    before = ({ name }) => {
      if (name !== READ_SUFFIX.name || suffixReads.length > 1) return;
      started();
      return released;
    };
    const outdated = seqs('changed');
    await firstBuild;
    await service.http.say('changed', 'more');
    expect(await seqs('changed')).toEqual([1, 2]);
    await service.http.put('changed', { policy: { strategy: 'last_n', config: { limit: 1 } } });
    expect(await seqs('changed')).toEqual([2]);
    release();
    expect(await outdated).toEqual([1]);
  });
});
