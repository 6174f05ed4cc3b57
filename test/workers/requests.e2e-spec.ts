import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { readMetrics } from '../support/metrics-text.js';
import { integers, Readers } from '../support/stream-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { Workers, type WorkerConnection } from '../support/workers.js';

const WORKERS = 4;
const event = (content: string) => ({ role: 'user', content });

describe('a service with 4 workers', () => {
  let database: TestDatabase;
  let service: BuiltService;
  const workers = new Workers(() => service);
  const readers = new Readers(() => service);
  let connections: WorkerConnection[];

  beforeAll(async () => {
    database = await createTestDatabase();
    service = await BuiltService.start({
      DATABASE_URL: database.url,
      FASTPACA_WORKERS: String(WORKERS),
      FASTPACA_NODE_NAME: 'one-node',
    });
    connections = await workers.connectToEach();
  });
  afterEach(() => readers.closeAll());
  afterAll(async () => {
    workers.closeConnections();
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    await database.drop();
  });
  const append = (connection: WorkerConnection, id: string, body: unknown) =>
    connection.request('POST', `/v1/conversations/${id}/events`, body);

  it('serves connections in every worker, and the lines of each have its process id', () => {
    expect(new Set(connections.map(({ pid }) => pid))).toEqual(new Set(workers.pids()));
    expect(connections).toHaveLength(WORKERS);
    expect(workers.pids()).not.toContain(service.pid);
    expect(service.records().filter(({ pid }) => typeof pid !== 'number')).toEqual([]);
  });

  it('gives the appends of all workers one order without gaps', async () => {
    await service.http.put('ordered');
    const rounds = 25;
    const appended = await Promise.all(
      connections.map(async (connection, worker) => {
        const seqs: number[] = [];
        for (let round = 0; round < rounds; round += 1) {
          const { status, body } = await append(connection, 'ordered', {
            event: event(`${worker}/${round}`),
          });
          expect(status).toBe(201);
          seqs.push(body.seq as number);
        }
        return seqs;
      }),
    );
    for (const seqs of appended) expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    const count = WORKERS * rounds;
    expect(appended.flat().sort((a, b) => a - b)).toEqual(integers(1, count));
    for (const connection of connections) {
      const { body } = await connection.request(
        'GET',
        '/v1/conversations/ordered/events?cursor=0&limit=1000',
      );
      const texts = body.events.map(({ parts }: { parts: { text: string }[] }) => parts[0]!.text);
      for (const [worker, seqs] of appended.entries())
        expect(seqs.map((seq) => texts[seq - 1])).toEqual(seqs.map((_, round) => `${worker}/${round}`));
    }
  });

  it('stores an append once that is sent to all workers with one idempotency key', async () => {
    await service.http.put('repeated');
    const body = { event: event('once'), idempotency_key: 'key' };
    const responses = await Promise.all(
      connections.map((connection) => append(connection, 'repeated', body)),
    );
    expect(responses.map(({ status }) => status)).toEqual(connections.map(() => 201));
    expect(responses.map(({ body: { seq, deduped = false } }) => [seq, deduped]).sort()).toEqual([
      [1, false],
      [1, true],
      [1, true],
      [1, true],
    ]);
  });

  it('lets one of the appends win that are sent to all workers with one if_version', async () => {
    await service.http.put('guarded');
    const responses = await Promise.all(
      connections.map((connection, worker) =>
        append(connection, 'guarded', { event: event(String(worker)), if_version: 0 }),
      ),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it('sends the appends of every worker to websockets and event streams of every worker', async () => {
    await service.http.put('followed');
    const following = [];
    const pids = new Set<number>();
    for (let count = 0; pids.size < WORKERS; count += 1) {
      const requestId = `follow-${count}`;
      const options = { headers: { 'x-request-id': requestId } };
      following.push(await readers.ws('followed', '', options));
      pids.add(await workers.pidOf(requestId));
    }
    for (let count = 0; count < WORKERS; count += 1)
      following.push(await readers.sse('followed', '?cursor=0'));
    for (const connection of connections) await append(connection, 'followed', { event: event('seen') });
    for (const reader of following) {
      await reader.frame(({ version, type }) => type === 'event' && version === WORKERS);
      expect(reader.changeVersions()).toEqual(integers(1, WORKERS));
    }
  });

  it('answers a long poll in one worker when another one has appended', async () => {
    await service.http.put('polled');
    const [appending, ...polling] = connections;
    const polls = polling.map((connection) =>
      connection.request('GET', '/v1/conversations/polled/events?cursor=0&wait_ms=55000'),
    );
    await append(appending!, 'polled', { event: event('news') });
    for (const { body } of await Promise.all(polls)) expect(body.next_cursor).toBe(1);
  });

  it('sees in each worker at once what another one has written', async () => {
    await service.http.put('visible');
    for (const [turn, connection] of connections.entries()) {
      await append(connection, 'visible', { event: event('visible') });
      const windows = await Promise.all(
        connections.map((other) => other.request('GET', '/v1/conversations/visible/window')),
      );
      expect(windows.map(({ body }) => body.version)).toEqual(connections.map(() => turn + 1));
    }
  });

  it('sums the metrics of all workers on each of them, under the name of the node', async () => {
    await service.http.put('counted');
    const before = await readMetrics(service);
    for (const connection of connections) await append(connection, 'counted', { event: event('counted') });
    const after = await readMetrics(service);
    const moved = (name: string, labels: Record<string, string> = {}) =>
      after.value(name, labels) - before.value(name, labels);
    expect(moved('fastpaca_events_appended_total', { role: 'user', deduped: 'false' })).toBe(WORKERS);
    expect(moved('fastpaca_append_latency_ms_count')).toBe(WORKERS);
    expect(moved('fastpaca_append_latency_ms_bucket', { le: '+Inf' })).toBe(WORKERS);
    expect(after.value('fastpaca_workers')).toBe(WORKERS);
    expect(after.value('fastpaca_worker_exits_total')).toBe(0);
    expect(after.value('fastpaca_build_info')).toBe(1);
    expect(new Set(after.samples.map(({ labels }) => labels.node))).toEqual(new Set(['one-node']));
    expect(after.samples.filter(({ value }) => Number.isNaN(value))).toEqual([]);
  });
});
