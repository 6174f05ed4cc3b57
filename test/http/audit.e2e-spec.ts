import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { actorOf } from '../../src/auth/principal.js';
import type { Authenticator } from '../../src/auth/authenticator.js';
import { AuditService } from '../../src/audit/audit.service.js';
import { withRequestFields } from '../../src/common/logging/request-context.js';
import { Database } from '../../src/database/database.js';
import { expectError } from '../support/error-shape.js';
import type { HttpResponse } from '../support/http-client.js';
import { codeBlocks } from '../support/page-examples.js';
import { TestService } from '../support/test-service.js';

/** Everyone has all scopes, in the namespace that the key names. */
class NamespaceByKey implements Authenticator {
  authenticate({ authorization }: IncomingHttpHeaders) {
    return { namespace: authorization?.replace('Bearer ', '') ?? 'default', scopes: 'all' as const };
  }
}

let service: TestService;
let audit: AuditService;
let database: Database;
beforeAll(async () => {
  service = await TestService.start({ replacements: { authenticator: NamespaceByKey } });
  audit = service.app.get(AuditService, { strict: false });
  database = service.app.get(Database, { strict: false });
});
afterAll(() => service.stop());

const erased = (namespace: string, subject: string) =>
  ({ namespace, action: 'conversation.erased', subject, actor: 'root', details: { events: 3 } }) as const;

const record = (namespace: string, subject: string) =>
  database.transaction((tx) => audit.record(tx, erased(namespace, subject)));

const read = (namespace: string, query = ''): Promise<HttpResponse> =>
  service.http.request('GET', `/v1/audit${query}`, { headers: { authorization: `Bearer ${namespace}` } });

const subjects = ({ body }: HttpResponse): string[] =>
  body.entries.map(({ subject }: { subject: string }) => subject);

describe('GET /v1/audit', () => {
  it('says who did what to which subject, when and in which request', async () => {
    const before = Date.now();
    await withRequestFields({ request_id: 'r-1' }, () => record('whole', 'a'));
    const { status, body } = await read('whole');
    expect(status).toBe(200);
    expect(body).toEqual({
      entries: [
        {
          id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
          action: 'conversation.erased',
          subject: 'a',
          actor: 'root',
          request_id: 'r-1',
          recorded_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/),
          details: { events: 3 },
        },
      ],
      next_cursor: null,
    });
    const [{ id, recorded_at: recordedAt }] = body.entries;
    const milliseconds = parseInt(id.replace('-', '').slice(0, 12), 16);
    expect(milliseconds).toBe(Date.parse(recordedAt));
    expect(Math.abs(milliseconds - before)).toBeLessThan(3_600_000);
  });

  it('has no request id for an entry that was recorded outside of a request', async () => {
    await record('command', 'a');
    expect((await read('command')).body.entries).toMatchObject([{ request_id: null }]);
  });

  it('pages through all entries, newest first, each once', async () => {
    const all = Array.from({ length: 7 }, (_, index) => `s${index}`);
    await database.transaction(async (tx) => {
      for (const subject of all) await audit.record(tx, erased('pages', subject));
    });
    const found: string[] = [];
    let query: string | null = '?limit=3';
    const sizes: number[] = [];
    while (query !== null) {
      const page = await read('pages', query);
      found.push(...subjects(page));
      sizes.push(page.body.entries.length);
      query = page.body.next_cursor && `?limit=3&cursor=${page.body.next_cursor}`;
    }
    expect(found).toEqual(all.toReversed());
    expect(sizes).toEqual([3, 3, 1]);
  });

  it('ends without a next page when the last page is full', async () => {
    for (const subject of ['a', 'b']) await record('full', subject);
    expect((await read('full', '?limit=2')).body.next_cursor).toBeNull();
  });

  it('shows the entries of the caller’s namespace only, also with the cursor of another namespace', async () => {
    for (const subject of ['a', 'b']) await record('mine', subject);
    await record('theirs', 'c');
    expect(subjects(await read('mine'))).toEqual(['b', 'a']);
    const [newest] = (await read('theirs')).body.entries;
    expect(subjects(await read('mine', `?cursor=${newest.id}`))).toEqual(['b', 'a']);
  });

  it.each([
    ['?limit=0', 'limit'],
    ['?limit=x', 'limit'],
    ['?cursor=12', 'cursor'],
    ['?cursor=support-4711', 'cursor'],
    ['?cursr=1', 'cursr'],
  ])('rejects %s and names the parameter', async (query, path) => {
    const response = await read('bad', query);
    expectError(response, 400);
    expect(response.body.details).toMatchObject([{ path }]);
  });

  it('counts a limit over 1000 as 1000', async () => {
    await service.database.query(`
      INSERT INTO fastpaca.audit_entries (namespace, id, action, subject, actor, recorded_at)
      SELECT 'many', gen_random_uuid(), 'key.created', i::text, 'root', now() FROM generate_series(1, 1001) i`);
    expect((await read('many', '?limit=5000')).body.entries).toHaveLength(1000);
    expect((await read('many')).body.entries).toHaveLength(100);
  });
});

describe('an audit entry', () => {
  it('is not stored when the transaction of its action fails', async () => {
    const failed = database.transaction(async (tx) => {
      await audit.record(tx, erased('failed', 'a'));
      throw new Error('the action fails');
    });
    await expect(failed).rejects.toThrow('the action fails');
    expect(subjects(await read('failed'))).toEqual([]);
  });

  it.each(["UPDATE fastpaca.audit_entries SET actor = 'x'", 'DELETE FROM fastpaca.audit_entries'])(
    'cannot be changed, not even by a superuser: %s',
    async (statement) => {
      await record('kept', 'a');
      await expect(service.database.query(statement)).rejects.toThrow(/append-only/);
    },
  );
});

describe('the retention statement of docs/operations.md', () => {
  it('deletes old entries and leaves the log append-only', async () => {
    await service.database.query(`
      INSERT INTO fastpaca.audit_entries (namespace, id, action, subject, actor, recorded_at)
      VALUES ('old', gen_random_uuid(), 'key.created', 'a', 'root', now() - interval '3 years')`);
    await record('old', 'b');
    const page = await readFile('docs/operations.md', 'utf8');
    const statement = codeBlocks(page, 'sql').find((text) => text.includes('audit_entries'))!;
    await service.database.query(statement);
    expect(subjects(await read('old'))).toEqual(['b']);
    await expect(service.database.query('DELETE FROM fastpaca.audit_entries')).rejects.toThrow(/append-only/);
  });
});

describe('the actor of an entry', () => {
  it('is the subject of the principal, or unknown', () => {
    const principal = { namespace: 'n', scopes: 'all' } as const;
    expect(actorOf({ ...principal, subject: 'user-1' })).toBe('user-1');
    expect(actorOf(principal)).toBe('unknown');
  });
});
