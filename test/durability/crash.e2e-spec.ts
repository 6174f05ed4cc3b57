import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { EmbeddedServer } from '../support/embedded-server.js';
import { freePort } from '../support/free-port.js';
import type { HttpResponse } from '../support/http-client.js';

/** Kills per kind of crash; set CRASH_ROUNDS for a thorough run. */
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 3);
const CONVERSATIONS = ['crash-a', 'crash-b', 'crash-c', 'crash-d', 'crash-e'];
/** Enough for most commits to carry several turns. */
const CLIENTS = 24;
/** Minimum number of acknowledged appends between two kills. */
const BETWEEN_KILLS = 150;

describe('acknowledged turns of concurrent writers', () => {
  let dataDir: string;
  let port: number;
  let service: BuiltService;
  let database: EmbeddedServer;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'fastpaca-crash-'));
    port = await freePort();
    database = new EmbeddedServer(dataDir);
    await startService();
  });
  afterEach(async () => {
    await service.stop();
    expect(database.isRunning()).toBe(false);
    await rm(dataDir, { recursive: true, force: true });
  });

  const startService = async () => {
    service = await BuiltService.start({ DATA_DIR: dataDir, PORT: String(port) });
  };
  const killService = async () => {
    service.kill('SIGKILL');
    await service.exited;
  };

  const crashes: [name: string, crash: () => Promise<void>][] = [
    [
      'the service, while its database keeps running',
      async () => {
        await killService();
        expect(database.isRunning()).toBe(true);
        await startService();
      },
    ],
    [
      'the database, which the service restarts',
      async () => {
        const { pid } = database;
        database.kill();
        while (!database.isRunning() || database.pid === pid) await delay(20);
        while ((await service.http.request('GET', '/health/ready')).status !== 200) await delay(20);
        expect((await service.http.request('GET', '/health/live')).status).toBe(200);
      },
    ],
    [
      'both at once',
      async () => {
        service.kill('SIGKILL');
        database.kill();
        await service.exited;
        await startService();
      },
    ],
  ];

  it.each(crashes)(
    'are stored exactly once after kill -9 of %s',
    async (_, crash) => {
      for (const id of CONVERSATIONS) expect((await service.http.put(id)).status).toBe(201);
      const burst = new Burst(() => service);
      for (let round = 0; round < ROUNDS; round += 1) {
        await burst.grow(BETWEEN_KILLS);
        await delay(Math.random() * 30); // so that kills happen at random moments
        await crash();
      }
      await burst.grow(BETWEEN_KILLS);
      await burst.end();

      for (const id of CONVERSATIONS) {
        const expected = burst.acknowledged.filter((each) => each.id === id);
        const { events } = (await service.http.events(id, '?from_seq=1')).body;
        const stored = await readAll(id);
        expect(events[0].seq).toBe(1);
        expect(stored.map(({ seq }) => seq)).toEqual(stored.map((__, index) => index + 1));
        // Each turn is stored once, complete and in order, at the acknowledged seqs.
        expect(stored.map(({ text }) => text)).toEqual(
          expected
            .flatMap(({ texts, seqs }) => texts.map((text, index) => ({ text, seq: seqs[index]! })))
            .sort((a, b) => a.seq - b.seq)
            .map(({ text }) => text),
        );
        const record = (await service.http.get(id)).body;
        expect([record.last_seq, record.version]).toEqual([stored.length, stored.length]);
      }
      const wrong = await database.query(`
        SELECT conversation_id, seq FROM (
          SELECT e.*, sum(token_estimate) OVER (PARTITION BY conversation_id ORDER BY seq) AS running
            FROM fastpaca.events e) e
         WHERE tokens_total <> running OR version <> seq
        UNION ALL
        SELECT id, last_seq FROM fastpaca.conversations c
         WHERE tokens_total <> (SELECT sum(token_estimate) FROM fastpaca.events e WHERE e.conversation_id = c.id)`);
      expect(wrong).toEqual([]);
    },
    300_000 + ROUNDS * 30_000,
  );

  const readAll = async (id: string) => {
    const all: { seq: number; text: string }[] = [];
    for (let cursor = 0; ;) {
      const { events, next_cursor } = (await service.http.events(id, `?cursor=${cursor}&limit=1000`)).body;
      if (events.length === 0) return all;
      for (const { seq, parts } of events) all.push({ seq, text: parts[0].text });
      cursor = next_cursor;
    }
  };
});

interface Acknowledged {
  id: string;
  texts: string[];
  seqs: number[];
}

/** Clients that append continuously. Each client retries an append with its key until the append is acknowledged. */
class Burst {
  readonly acknowledged: Acknowledged[] = [];
  private isOver = false;
  private readonly clients: Promise<void>[];

  constructor(private readonly service: () => BuiltService) {
    this.clients = Array.from({ length: CLIENTS }, (_, client) => this.run(client));
  }

  /** Resolves when `by` more appends have been acknowledged; rejects if a client has failed. */
  async grow(by: number): Promise<void> {
    const target = this.acknowledged.length + by;
    const failed = Promise.all(this.clients);
    while (this.acknowledged.length < target) await Promise.race([failed, delay(5)]);
  }

  /** Resolves when every client has finished its current append. */
  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.clients);
  }

  private async run(client: number): Promise<void> {
    for (let number = 0; !this.isOver; number += 1) {
      const id = CONVERSATIONS[(client + number) % CONVERSATIONS.length]!;
      const texts = Array.from(
        { length: number % 3 === 0 ? 3 : 1 },
        (_, index) => `${client}/${number}/${index}`,
      );
      const events = texts.map((content) => ({ role: 'user', content }));
      const idempotency_key = `${client}/${number}`;
      const response = await this.untilAcknowledged(id, { events, idempotency_key });
      expect({ status: response.status, body: response.body }).toEqual({
        status: 201,
        body: expect.anything(),
      });
      const seqs = (response.body.events as { seq: number }[]).map(({ seq }) => seq);
      this.acknowledged.push({ id, texts, seqs });
    }
  }

  private async untilAcknowledged(id: string, body: unknown): Promise<HttpResponse> {
    for (;;) {
      const response = await this.service()
        .http.append(id, body)
        .catch(() => undefined); // the service is down
      if (response && response.status !== 503) return response;
      await delay(10);
    }
  }
}
