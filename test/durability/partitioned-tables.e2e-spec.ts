// Importing a suite registers its tests in this file. They run a second time, on hash-partitioned tables.
import '../http/append.e2e-spec.js';
import '../http/compaction.e2e-spec.js';
import './concurrency.e2e-spec.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { partitionedTables, partitionTables } from '../support/partitioned-tables.js';
import { prepareTestDatabases } from '../support/test-database.js';
import { TestService } from '../support/test-service.js';

prepareTestDatabases((database) => partitionTables(database, ['events', 'compactions']));

describe('hash-partitioned events and compactions', () => {
  let service: TestService;
  beforeAll(async () => (service = await TestService.start()));
  afterAll(() => service.stop());

  it('are used by the tests of this file', async () => {
    expect(await partitionedTables(service.database)).toEqual(['compactions', 'events']);
  });

  it('report a unique violation that is not caused by an idempotency key as an internal error', async () => {
    await service.database.query(
      'CREATE UNIQUE INDEX ON fastpaca.events (namespace, conversation_id, (body::text))',
    );
    await service.http.put('unexplained');
    const event = { role: 'user', content: 'hello' };
    const append = (body: object) => service.http.append('unexplained', { event, ...body });
    expect((await append({ idempotency_key: 'a' })).status).toBe(201);
    for (const body of [{}, { idempotency_key: 'b' }]) expect((await append(body)).status).toBe(500);
    expect((await append({ idempotency_key: 'a' })).body).toMatchObject({ seq: 1, deduped: true });
    expect((await service.http.say('unexplained', 'other')).body.seq).toBe(2);
  });
});
