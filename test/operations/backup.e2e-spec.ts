import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { restore as restoreFile } from '../../src/cli/backup/restore.command.js';
import { CliError } from '../../src/cli/cli-error.js';
import { AppConfig } from '../../src/config/app-config.js';
import { BuiltService } from '../support/built-service.js';
import { CachingNodes } from '../support/caching-nodes.js';
import { fastpaca, launch, resultOf, type CommandResult } from '../support/command.js';
import { eventually } from '../support/eventually.js';
import { MIGRATION_NAMES } from '../support/migration-names.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';
import { UNHURRIED } from '../support/unhurried.js';

const TABLES = [
  'audit_entries',
  'calibrations',
  'compactions',
  'conversation_lists',
  'conversation_usage',
  'conversations',
  'events',
];
/** What `insertUnusualRows` inserts. */
const ROWS =
  '1 audit_entries, 1 calibrations, 1 compactions, 1 conversation_lists, 1 conversation_usage, 1 conversations, 5 events';

/** Every row of every table, as PostgreSQL writes it. */
async function contentOf(database: TestDatabase): Promise<Record<string, string[]>> {
  const content: Record<string, string[]> = {};
  for (const table of TABLES) {
    const rows = await database.query(`SELECT t::text AS row FROM fastpaca.${table} t ORDER BY 1`);
    content[table] = rows.map(({ row }) => row as string);
  }
  return content;
}

const failure = (message: RegExp | string) => ({
  code: 1,
  stdout: '',
  stderr: expect.stringMatching(
    new RegExp(`^fastpaca: ${typeof message === 'string' ? message : message.source}\\n$`),
  ),
});

describe('fastpaca backup and restore', () => {
  let folder: string;
  let file: string;
  const databases: TestDatabase[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fastpaca-backup-'));
    file = join(folder, 'a.backup');
  });
  afterEach(async () => {
    await Promise.all(databases.splice(0).map((database) => database.drop()));
    await rm(folder, { recursive: true, force: true });
  });

  async function createDatabase(options?: { migrated: boolean }): Promise<TestDatabase> {
    const database = await createTestDatabase(options);
    databases.push(database);
    return database;
  }

  const backUp = (database: TestDatabase, ...args: string[]): Promise<CommandResult> =>
    fastpaca(['backup', ...args, '--database-url', database.url]);
  const restore = (database: TestDatabase, ...args: string[]): Promise<CommandResult> =>
    fastpaca(['restore', ...args, '--database-url', database.url]);

  describe('of a database with unusual values', () => {
    let source: TestDatabase;
    beforeEach(async () => {
      source = await createDatabase();
      await insertUnusualRows(source);
      expect(await backUp(source, file)).toEqual({
        code: 0,
        stdout: '',
        stderr: `Backed up ${ROWS} to ${file}\n`,
      });
    });

    it('restore every value as it was, into a database without a schema', async () => {
      const target = await createDatabase({ migrated: false });
      const restored = await restore(target, file);
      expect(restored).toEqual({
        code: 0,
        stdout: expect.stringMatching(new RegExp(`^Restored ${ROWS}, as of 2\\d{3}-`)),
        stderr: '',
      });
      expect(await contentOf(target)).toEqual(await contentOf(source));
    });

    it('restore the same values whatever the settings of the databases are', async () => {
      const target = await createDatabase();
      for (const database of [source, target]) {
        const name = new URL(database.url).pathname.slice(1);
        await database.query(`ALTER DATABASE ${name} SET extra_float_digits = -15`);
        await database.query(`ALTER DATABASE ${name} SET datestyle = 'German'`);
        await database.query(`ALTER DATABASE ${name} SET timezone = 'Asia/Tokyo'`);
      }
      expect((await backUp(source, file, '--force')).code).toBe(0);
      expect((await restore(target, file)).code).toBe(0);
      expect(await contentOf(target)).toEqual(await contentOf(source));
      const [row] = await target.query(
        'SELECT trigger_ratio = 0.1::float8 + 0.2::float8 AS exact FROM fastpaca.conversations',
      );
      expect(row).toEqual({ exact: true });
    });

    it('write one header, one line for each row and one last line', async () => {
      const lines = gunzipSync(await readFile(file))
        .toString()
        .trimEnd()
        .split('\n');
      expect(lines).toHaveLength(1 + 11 + 1);
      expect(JSON.parse(lines[0]!)).toMatchObject({
        format: 'fastpaca-backup',
        version: 1,
        migrations: MIGRATION_NAMES,
        tables: [
          { name: 'audit_entries', rows: 1 },
          { name: 'calibrations', rows: 1 },
          { name: 'compactions', rows: 1 },
          { name: 'conversation_lists', rows: 1 },
          { name: 'conversation_usage', rows: 1 },
          { name: 'conversations', rows: 1 },
          { name: 'events', rows: 5, columns: expect.arrayContaining(['body', 'seq']) },
        ],
      });
      expect(JSON.parse(lines.at(-1)!)).toEqual({
        end: true,
        rows: 11,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    });

    it('go from one database to another through a pipe', async () => {
      const target = await createDatabase();
      const writer = launch(['backup', '-', '--database-url', source.url]);
      const reader = launch(['restore', '-', '--database-url', target.url]);
      writer.stdout!.pipe(reader.stdin!);
      expect((await resultOf(reader)).code).toBe(0);
      expect(await contentOf(target)).toEqual(await contentOf(source));
    });

    it('keep a file that exists, unless it is to be replaced', async () => {
      const before = await readFile(file);
      expect(await backUp(source, file)).toEqual(
        failure(`${file} exists: use --force to replace it, or another name`),
      );
      expect(await readFile(file)).toEqual(before);
      await writeFile(file, 'other');
      expect((await backUp(source, file, '--force')).code).toBe(0);
      expect((await readFile(file)).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(await readdir(folder)).toEqual(['a.backup']);
    });

    it('refuse a folder and a path that does not exist', async () => {
      expect(await backUp(source, folder, '--force')).toEqual(
        failure(`${folder} is not a file: use another name, or - for stdout`),
      );
      expect(await backUp(source, join(folder, 'none', 'b'))).toEqual(
        failure(/.*\/none does not exist: correct the path/),
      );
      expect(await restore(source, join(folder, 'none'))).toEqual(
        failure(/.*none does not exist: correct the path/),
      );
    });

    it('leave conversations alone, unless they are to be replaced', async () => {
      const target = await createDatabase();
      await target.query(
        `INSERT INTO fastpaca.conversations (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata)
         VALUES ('default', 'other', 1, 0.7, 'last_n', '{}', '{}')`,
      );
      const before = await contentOf(target);
      expect(await restore(target, file)).toEqual(
        failure(
          'The database already has conversations: use --replace to delete them, or restore into another database',
        ),
      );
      expect(await contentOf(target)).toEqual(before);
      expect((await restore(target, file, '--replace')).code).toBe(0);
      expect(await contentOf(target)).toEqual(await contentOf(source));
    });

    describe('with an unusable file', () => {
      let target: TestDatabase;
      beforeEach(async () => {
        target = await createDatabase();
        await insertUnusualRows(target);
        await target.query('UPDATE fastpaca.conversations SET metadata = \'{"kept":true}\'');
      });

      /** Restores a file with this content; returns the message after it has checked that nothing has changed. */
      async function rejection(content: Buffer): Promise<string> {
        const before = await contentOf(target);
        const damaged = join(folder, 'damaged');
        await writeFile(damaged, content);
        const config = AppConfig.fromEnvironment({ ...UNHURRIED, DATABASE_URL: target.url });
        const { signal } = new AbortController();
        const error: unknown = await restoreFile(config, { file: damaged, replace: true, signal }).catch(
          (reason: unknown) => reason,
        );
        expect(error).toBeInstanceOf(CliError);
        expect(await contentOf(target)).toEqual(before);
        return (error as CliError).message;
      }

      it('change nothing if the file is truncated anywhere', async () => {
        const complete = await readFile(file);
        const incomplete =
          /incomplete or damaged \(it ends too early\), and nothing was restored: use another backup/;
        for (const length of [Math.floor(complete.length / 2), complete.length - 8, complete.length - 1]) {
          expect(await rejection(complete.subarray(0, length))).toMatch(incomplete);
        }
      });

      it('change nothing if a line is missing, changed or added', async () => {
        const lines = gunzipSync(await readFile(file))
          .toString()
          .trimEnd()
          .split('\n');
        const zipped = (changed: string[]) => gzipSync(`${changed.join('\n')}\n`);
        expect(await rejection(zipped(lines.slice(0, -1)))).toMatch(/its last line is missing/);
        const event = lines.findIndex((line) => line.includes('hello'));
        expect(await rejection(zipped(lines.toSpliced(event, 1)))).toMatch(/a row is not complete/);
        expect(await rejection(zipped(lines.with(event, lines[event]!.replace('hello', 'hullo'))))).toMatch(
          /its checksum is wrong/,
        );
        expect(await rejection(zipped([...lines, '{}']))).toMatch(/lines follow its last line/);
      });

      it('name the version of Fastpaca that can restore a backup of another format or schema', async () => {
        const [header = '', ...rest] = gunzipSync(await readFile(file))
          .toString()
          .split('\n');
        const changed = (fields: object) =>
          gzipSync(
            [JSON.stringify({ ...JSON.parse(header), fastpaca: '9.8.7', ...fields }), ...rest].join('\n'),
          );
        expect(await rejection(changed({ version: 2 }))).toMatch(
          /format version 2, .* restore it with Fastpaca 9\.8\.7/,
        );
        expect(await rejection(changed({ migrations: [...MIGRATION_NAMES, 'Later1'] }))).toMatch(
          /newer version of Fastpaca: restore it with Fastpaca 9\.8\.7/,
        );
        expect(await rejection(changed({ migrations: [] }))).toMatch(
          /older schema: restore it with Fastpaca 9\.8\.7/,
        );
      });

      it('say that a file is not a backup', async () => {
        const notABackup = /not a backup of Fastpaca: use a file that "fastpaca backup" has written/;
        expect(await rejection(Buffer.from('not gzip'))).toMatch(notABackup);
        expect(await rejection(gzipSync('{"some":"json"}\n'))).toMatch(notABackup);
        expect(await rejection(gzipSync(''))).toMatch(notABackup);
        expect(await rejection(Buffer.alloc(0))).toMatch(/not a backup|ends too early/);
      });

      it('change nothing if the database has other columns', async () => {
        await target.query('ALTER TABLE fastpaca.events ADD COLUMN note text');
        expect(await rejection(await readFile(file))).toMatch(
          /tables of the backup are not those of the database/,
        );
      });
    });
  });

  it('contain one moment, whatever is written during the backup', async () => {
    const service = await TestService.start();
    databases.push(service.database);
    const { http, database } = service;
    const ids = Array.from({ length: 6 }, (_, index) => `c${index}`);
    for (const id of ids) {
      await http.put(id);
      await http.say(id, 'before');
    }
    // Random text, which gzip cannot shrink, in the table that is copied first: the backup fills the pipe and waits,
    // before it has copied the conversations.
    const ballast = JSON.stringify([{ role: 'system', content: randomBytes(4_000_000).toString('base64') }]);
    await database.query(
      `INSERT INTO fastpaca.compactions
       VALUES ('default', 'ballast', 1, 1, 1, 1, 1, 0, 0, $1, '{}', 0, clock_timestamp())`,
      [ballast],
    );
    let isWriting = true;
    const writers = ids.map(async (id) => {
      while (isWriting) expect((await http.say(id, 'during')).status).toBe(201);
    });

    const child = launch(['backup', '-', '--database-url', database.url]);
    try {
      const sessions = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %compactions%'`;
      await eventually('the backup copies rows', async () => (await database.query(sessions)).length > 0);
      await http.put('late');
      for (const id of ids) expect((await http.say(id, 'after the snapshot')).status).toBe(201);
      const replacement = [{ role: 'system', content: 'late' }];
      const compaction = await http.compact('c0', { from_seq: 1, to_seq: 1, replacement });
      expect(compaction.status).toBe(200);
    } finally {
      isWriting = false;
      await Promise.all(writers);
    }
    const closed = once(child, 'close');
    const content = await buffer(child.stdout!);
    expect((await closed)[0]).toBe(0);
    await service.app.close();
    expect(gunzipSync(content).toString()).not.toContain('after the snapshot');

    await writeFile(file, content);
    const target = await createDatabase();
    expect((await restore(target, file)).code).toBe(0);
    const counts = await target.query(
      `SELECT c.id, c.last_seq = count(e.seq) AND c.last_seq = max(e.seq) AND c.version = c.last_seq AS consistent
         FROM fastpaca.conversations c JOIN fastpaca.events e ON (e.namespace, e.conversation_id) = (c.namespace, c.id)
        GROUP BY c.namespace, c.id ORDER BY c.id`,
    );
    expect(counts).toEqual(ids.map((id) => ({ id, consistent: true })));
    expect(await target.query('SELECT conversation_id AS id FROM fastpaca.compactions')).toEqual([
      { id: 'ballast' },
    ]);
  });

  it('wait for a lock as long as it takes, whatever the time limits of the database are', async () => {
    const database = await createDatabase();
    await database.query(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET lock_timeout = 1`);
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE fastpaca.events');
    const child = launch(['backup', file, '--database-url', database.url]);
    const result = resultOf(child);
    await waiting(database);
    await holder.end();
    expect((await result).code).toBe(0);
  });

  it('leave no file and no change when they are interrupted', async () => {
    const database = await createDatabase();
    await insertUnusualRows(database);
    expect((await backUp(database, file)).code).toBe(0);
    const before = await contentOf(database);
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    for (const args of [
      ['backup', join(folder, 'b.backup')],
      ['restore', file, '--replace'],
    ]) {
      await holder.query('BEGIN; LOCK TABLE fastpaca.events');
      const child = launch([...args, '--database-url', database.url]);
      const result = resultOf(child);
      await waiting(database);
      child.kill('SIGTERM');
      expect(await result).toEqual({ code: 143, stdout: '', stderr: 'fastpaca: interrupted\n' });
      await holder.query('ROLLBACK');
    }
    await holder.end();
    expect(await readdir(folder)).toEqual(['a.backup']);
    expect(await contentOf(database)).toEqual(before);
  });

  it('say that a database has no schema', async () => {
    const database = await createDatabase({ migrated: false });
    expect(await backUp(database, file)).toEqual(
      failure(/.*lacks the migration\(s\) InitialSchema.*run "fastpaca migrate".*/),
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it('replace what running nodes serve, without a restart', async () => {
    const database = await createDatabase();
    const nodes = await CachingNodes.start(database);
    try {
      await nodes.first.http.put('c');
      for (let n = 1; n <= 7; n += 1) await nodes.append('c', `kept ${n}`);
      expect((await backUp(database, file)).code).toBe(0);
      for (let n = 8; n <= 10; n += 1) await nodes.append('c', `lost ${n}`);
      const tags = await nodes.fillCaches('c');

      expect((await restore(database, file, '--replace')).code).toBe(0);
      await nodes.expectCurrentResponses('c', tags);
      expect((await nodes.first.http.get('c')).body).toMatchObject({ last_seq: 7 });
      for (let n = 8; n <= 11; n += 1) {
        await nodes.append('c', `new ${n}`);
        await nodes.expectCurrentResponses('c', tags);
      }
    } finally {
      await nodes.stop();
    }
  });
});

describe('fastpaca backup and restore of an embedded database', () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'fastpaca-backup-'));
    await chmod(home, 0o755); // as root, the database's own user must be able to pass
    await mkdir(join(home, 'backups'));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  it('work while the service runs, and while it does not', async () => {
    const [from, to] = [join(home, 'from'), join(home, 'to')];
    const [first, second] = [join(home, 'backups', '1'), join(home, 'backups', '2')];
    const service = await BuiltService.start({ DATA_DIR: from });
    await service.http.put('c');
    await service.http.say('c', 'hello');
    expect((await fastpaca(['backup', first], { DATA_DIR: from })).code).toBe(0);
    await service.http.say('c', 'later');
    const later = (await service.http.events('c')).text;
    await service.stop();
    expect((await fastpaca(['backup', second], { DATA_DIR: from })).code).toBe(0);

    expect(await fastpaca(['restore', first, '--data-dir', to])).toMatchObject({ code: 0, stderr: '' });
    const restored = await BuiltService.start({ DATA_DIR: to });
    try {
      expect((await restored.http.events('c')).body.events).toHaveLength(1);
      expect(await fastpaca(['restore', second, '--replace', '--data-dir', to])).toMatchObject({ code: 0 });
      expect((await restored.http.events('c')).text).toBe(later);
      expect((await restored.http.say('c', 'new')).body).toMatchObject({ seq: 3 });
    } finally {
      await restored.stop();
    }
  });

  it('create no database for a backup', async () => {
    const missing = join(home, 'missing');
    expect(await fastpaca(['backup', join(home, 'backups', '3'), '--data-dir', missing])).toEqual(
      failure(/There is no database in .*missing: use the folder that has it \(set DATA_DIR .*/),
    );
    expect(await readdir(home)).not.toContain('missing');
  });
});

/** Resolves when a session waits for a lock of the database. */
function waiting(database: TestDatabase): Promise<void> {
  return eventually('a session waits for a lock', async () => {
    const locks = await database.query(
      'SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())',
    );
    return locks.length > 0;
  });
}

/** Values that a careless format would change: blanks, numbers, duplicate keys, separators, escapes, limits. */
async function insertUnusualRows(database: TestDatabase): Promise<void> {
  const namespace = 'tab\there "quoted" \\N';
  const bodies = [
    '{"role":"user","parts":[{"type":"text","text":"hello"}]}',
    '{ "a" : 1.0,\n\t"a":\r\n12345678901234567890, "b": 1e400 }',
    '{"text":"\\u0000 \\ud800 \\\\ \\" \\n \\t","\u2028":"\u2029\u007f\u{1F999}"}',
    `"${'\\\\.'.repeat(3)}"`,
    `{"long":"${'x'.repeat(300_000)}"}`,
  ];
  await database.query(
    `INSERT INTO fastpaca.conversations
       (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata, version, last_seq, tokens_total,
        tombstoned_at, created_at, updated_at, model, reserve_tokens, head_length, pinned_seqs)
     VALUES ($1, E'new\\nline\\r', 2147483647, 0.1::float8 + 0.2::float8, '\\.', '{ "n" : 1.50 }', '{}', 9223372036854775807, 5,
             9007199254740993, '0001-01-01 00:00:00.001+00', '2026-03-29 01:59:59.999+01', 'infinity',
             E'\\\\N "m", \u2028', 2147483646, 256, '{1,9223372036854775807}')`,
    [namespace],
  );
  await database.query(
    `INSERT INTO fastpaca.conversation_lists
     VALUES ($1, E'new\\nline\\r', '00000000-0000-0000-0000-000000000000', true, 'infinity', '2026-03-29 01:59:59.999+01')`,
    [namespace],
  );
  for (const [index, body] of bodies.entries()) {
    await database.query(
      `INSERT INTO fastpaca.events
         (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, part_tokens, idempotency_key, turn_size, inserted_at)
       VALUES ($1, E'new\\nline\\r', $2, $2, $3, 1, 9007199254740993, $4, $5, $6, clock_timestamp())`,
      [
        namespace,
        index + 1,
        body,
        index % 2 ? [1, -2] : null,
        index === 0 ? 'key\t\\' : null,
        index === 0 ? 5 : null,
      ],
    );
  }
  await database.query(
    `INSERT INTO fastpaca.compactions
     VALUES ($1, E'new\\nline\\r', 1, 1, 2, 5, 9223372036854775807, 0, 2, '[ {"role":"system"} ]', '{}', 1, clock_timestamp())`,
    [namespace],
  );
  await database.query(
    `INSERT INTO fastpaca.calibrations VALUES ($1, E'new\\nline', 0.1::float8 + 0.2::float8, 9223372036854775807, 5,
       '-infinity', 'infinity')`,
    [namespace],
  );
  await database.query(
    `INSERT INTO fastpaca.audit_entries
     VALUES ($1, '019ac5a4-58f0-7c2e-9a39-6f0c1f4f0d11', 'key.created', E'a\\tb', E'new\\nline', NULL, '2026-02-28 23:59:59.999+00', '{ "n" : 1.0 }')`,
    [namespace],
  );
  await database.query(
    `INSERT INTO fastpaca.conversation_usage
     VALUES ($1, E'new\\nline\\r', '[ {"estimate" : 1.0} ]', E'new\\nline', 0.1::float8 + 0.2::float8, null, clock_timestamp())`,
    [namespace],
  );
}
