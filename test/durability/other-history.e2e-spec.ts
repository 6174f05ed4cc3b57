import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer } from '../support/http-client.js';
import { OwnServer } from '../support/own-server.js';
import { Readers } from '../support/stream-reader.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

/** Asks until the database has been found again. */
async function answered(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
  }
}

/** Everything a node keeps in memory of a conversation, as it answers for it. */
const PATHS = [
  '/events',
  '/events?from_seq=-5',
  '/events?cursor=3&limit=2',
  '/window',
  '/window?budget_tokens=30',
];

/** Two nodes that remember, and one that remembers nothing: the database as it is. */
class Nodes {
  private constructor(
    readonly remembering: readonly TestService[],
    private readonly forgetful: TestService,
  ) {}

  static async start(database: TestDatabase): Promise<Nodes> {
    const first = await TestService.start({ database });
    const second = await TestService.start({ database });
    return new Nodes(
      [first, second],
      await TestService.start({ database, env: { FASTPACA_CACHE_BYTES: '0' } }),
    );
  }

  async stop(): Promise<void> {
    for (const node of [...this.remembering, this.forgetful]) await node.stop();
  }

  get first(): TestService {
    return this.remembering[0]!;
  }

  /** Reads everything, so that the nodes remember it. @returns the entity tags */
  async read(id: string): Promise<string[]> {
    const tags: string[] = [];
    for (const { http } of this.remembering)
      for (const path of PATHS)
        tags.push((await http.request('GET', http.path(id, path))).headers.get('etag')!);
    return tags;
  }

  /** Every node answers what the database has, and takes no tag of before for it. */
  async expectToAgree(id: string, tagsOfBefore: readonly string[]): Promise<void> {
    for (const path of PATHS) {
      const ask = ({ http }: TestService, headers = {}) =>
        answered(() => http.request('GET', http.path(id, path), { headers }));
      const truth = await ask(this.forgetful);
      expect(truth.status).toBe(200);
      for (const node of this.remembering) {
        for (const tag of [undefined, ...tagsOfBefore]) {
          const answer = await ask(node, tag === undefined ? {} : { 'if-none-match': tag });
          expect([path, answer.status, answer.text]).toEqual([path, 200, truth.text]);
          expect(answer.headers.get('etag')).toBe(truth.headers.get('etag'));
        }
      }
    }
  }
}

const say = (node: TestService, text: string) => answered(() => node.http.say('c', text));
const textsOf = (events: any[]) => events.map(({ parts }) => parts[0].text as string);

describe('an asynchronous standby that lacks the newest events', () => {
  let primary: OwnServer;
  let standby: OwnServer | undefined;
  let proxy: TcpProxy;
  let nodes: Nodes;
  const readers = new Readers(() => nodes.first);
  beforeEach(async () => {
    primary = await OwnServer.start();
    proxy = await TcpProxy.start(primary.url);
    nodes = await Nodes.start({ ...primary.database, url: proxy.through(primary.url) });
  });
  afterEach(async () => {
    await readers.closeAll();
    await nodes.stop();
    await proxy.stop();
    await standby?.stop();
  });

  it('takes over: all nodes agree with it at once, and streams start over', async () => {
    const { first } = nodes;
    await first.http.put('c');
    for (let n = 1; n <= 7; n += 1) await say(first, `kept ${n}`);
    const reader = await readers.ws('c', '?cursor=0');
    standby = await primary.startStandby();
    await standby.caughtUpWith(primary);
    await standby.disconnectFromPrimary();
    for (let n = 8; n <= 10; n += 1) await say(first, `lost ${n}`);
    await reader.windowOf(10);
    const tags = await nodes.read('c');

    await primary.stop();
    await standby.promote();
    proxy.leadTo(standby.url);

    await nodes.expectToAgree('c', tags);
    const reset = await reader.frame(({ type }) => type === 'reset');
    expect(reset.version).toBe(7);
    // The same versions again, with other content: what was remembered of them must not be taken for it.
    for (let n = 8; n <= 12; n += 1) {
      await say(first, `new ${n}`);
      await nodes.expectToAgree('c', tags);
    }
    const { body } = await nodes.remembering[1]!.http.window('c');
    expect(textsOf(body.messages)).toEqual([
      ...Array.from({ length: 7 }, (_, n) => `kept ${n + 1}`),
      ...Array.from({ length: 5 }, (_, n) => `new ${n + 8}`),
    ]);
    await reader.windowOf(12);
    const after = reader.frames.slice(reader.frames.indexOf(reset));
    expect(textsOf(after.filter(({ type }) => type === 'event').map(({ event }) => event))).toEqual(
      Array.from({ length: 5 }, (_, n) => `new ${n + 8}`),
    );
  });

  it('is no other history where nothing was lost: streams go on without a word', async () => {
    const { first } = nodes;
    await first.http.put('c');
    await say(first, 'one');
    const reader = await readers.ws('c', '?cursor=0');
    await say(first, 'two');
    await reader.windowOf(2);
    standby = await primary.startStandby();
    await standby.caughtUpWith(primary);
    await primary.stop();
    await standby.promote();
    proxy.leadTo(standby.url);
    await say(first, 'three');
    await reader.windowOf(3);
    expect(reader.frames.map(({ type }) => type).filter((type) => type !== 'window')).toEqual([
      'event',
      'event',
      'event',
    ]);
  });
});

describe('tables that are restored from an older dump, under running nodes', () => {
  const TABLES = ['conversations', 'events', 'compactions'];
  let database: TestDatabase;
  let nodes: Nodes;
  beforeEach(async () => {
    database = await createTestDatabase();
    nodes = await Nodes.start(database);
    await nodes.first.http.put('c');
    for (let n = 1; n <= 7; n += 1) await say(nodes.first, `kept ${n}`);
    await database.query('CREATE SCHEMA dump');
    for (const table of TABLES) await database.query(`CREATE TABLE dump.${table} AS TABLE fastpaca.${table}`);
    for (let n = 8; n <= 10; n += 1) await say(nodes.first, `lost ${n}`);
  });
  afterEach(async () => {
    await nodes.stop();
    await database.drop();
  });

  it.each([
    [
      'dropped and made anew, as by pg_restore --clean',
      (table: string) => [
        `CREATE TABLE fastpaca.restored (LIKE fastpaca.${table} INCLUDING ALL)`,
        `INSERT INTO fastpaca.restored SELECT * FROM dump.${table}`,
        `DROP TABLE fastpaca.${table}`,
        `ALTER TABLE fastpaca.restored RENAME TO ${table}`,
      ],
    ],
    [
      'emptied and filled, as by pg_restore --data-only',
      (table: string) => [
        `TRUNCATE fastpaca.${table}`,
        `INSERT INTO fastpaca.${table} SELECT * FROM dump.${table}`,
      ],
    ],
  ])('%s: all nodes agree with it at once', async (_, statements) => {
    const tags = await nodes.read('c');
    await database.query(['BEGIN', ...TABLES.flatMap(statements), 'COMMIT'].join(';'));
    await nodes.expectToAgree('c', tags);
    for (let n = 8; n <= 11; n += 1) {
      await say(nodes.first, `new ${n}`);
      await nodes.expectToAgree('c', tags);
    }
  });
});
