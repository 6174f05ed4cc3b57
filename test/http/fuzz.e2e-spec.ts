import { Agent, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  anyDamagedBytes,
  anyMutatedRequest,
  anyRandomRequest,
  TARGETS,
  type AnyRequest,
} from '../support/any-request.js';
import { expectErrorShape } from '../support/error-shape.js';
import type { HttpResponse } from '../support/http-client.js';
import { PATIENCE_MS } from '../support/patience.js';
import { RawConnection } from '../support/raw-http.js';
import { TestService } from '../support/test-service.js';

/** A failure is reported, with its seed, after so many attempts to narrow it down. */
const MAX_SHRINKS = 200;

let service: TestService;
let agent: Agent;
/** What must not be changed by anything here. */
let control: unknown;
let sent = 0;

beforeAll(async () => {
  service = await TestService.start();
  agent = new Agent({ keepAlive: true, maxSockets: 16 });
  for (const id of TARGETS.filter((each) => each !== 'absent')) {
    await service.http.put(id, { token_budget: 1000 });
    await service.http.say(id, 'first');
  }
  await service.http.delete('dead');
  await service.http.put('control', { token_budget: 1000, metadata: { keep: 1 } });
  await service.http.append('control', {
    events: ['one', 'two', 'three'].map((content) => ({ role: 'user', content })),
    idempotency_key: 'control-key',
  });
  await service.http.compact('control', {
    from_seq: 1,
    to_seq: 2,
    replacement: [{ role: 'system', content: 'summary' }],
  });
  control = await readControl();
});
afterAll(async () => {
  agent.destroy();
  await service.stop();
});

const readControl = async () =>
  (
    await Promise.all([
      service.http.get('control'),
      service.http.events('control'),
      service.http.window('control'),
    ])
  ).map(({ status, text }) => ({ status, text }));

/** Sends what `fetch` would refuse to. */
function send({ method, path, headers, body }: AnyRequest): Promise<HttpResponse> {
  sent += 1;
  return new Promise((resolve, reject) => {
    const request = httpRequest(service.url + path, {
      method,
      headers: { ...headers, ...(body && { 'content-length': body.length }) },
      agent,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = response.headers['content-type']?.includes('json') && text !== '';
        resolve({
          status: response.statusCode ?? 0,
          headers: new Headers(response.headers as Record<string, string>),
          text,
          body: isJson ? JSON.parse(text) : undefined,
        });
      });
    });
    request.end(body);
  });
}

/** Checks that the answer is no 5xx and that an error has the documented shape. */
function expectSound({ method }: AnyRequest, answer: HttpResponse): void {
  expect(answer.status).toBeLessThan(500);
  expect(answer.headers.get('x-request-id')).toBeTruthy();
  if (answer.status >= 400 && method !== 'HEAD') expectErrorShape(answer);
}

const manyMutatedRequests = fc.array(anyMutatedRequest, { minLength: 1, maxLength: 10 });

describe('whatever is sent', () => {
  it('fine requests, changed in random places, are answered soundly, also at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.limitShrink(manyMutatedRequests, MAX_SHRINKS), async (requests) => {
        const answers = await Promise.all(requests.map(send));
        requests.forEach((request, index) => expectSound(request, answers[index]!));
      }),
      { numRuns: 900 },
    );
  });

  it('random bodies are answered soundly', async () => {
    await fc.assert(
      fc.asyncProperty(fc.limitShrink(anyRandomRequest, MAX_SHRINKS), async (request) =>
        expectSound(request, await send(request)),
      ),
      { numRuns: 500 },
    );
  });

  it('answers damaged bytes with a documented error or by closing the connection, and never with a 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(fc.limitShrink(anyDamagedBytes, MAX_SHRINKS), async (bytes) => {
        sent += 1;
        const connection = await RawConnection.open(service.url);
        connection.write(bytes).finish();
        const answer = await connection.answer().catch(() => undefined);
        connection.close();
        if (!answer) return;
        expect(answer.status).toBeLessThan(500);
        if (answer.status >= 400 && answer.status !== 431) expectErrorShape(answer);
      }),
      { numRuns: 400 },
    );
  });

  it('was a lot', () => {
    expect(sent).toBeGreaterThan(3000);
  });

  it('leaves another conversation as it was', async () => {
    expect(await readControl()).toEqual(control);
  });

  it('leaves everything readable that it has left', async () => {
    const rows = await service.database.query<{ id: string }>('SELECT id FROM fastpaca.conversations');
    for (const { id } of rows) {
      const answers = await Promise.all([
        service.http.get(id),
        service.http.events(id, '?from_seq=1'),
        service.http.window(id),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      const [record, page] = answers;
      expect(page.body.events.map(({ seq }: { seq: number }) => seq)).toEqual(
        Array.from({ length: Math.min(1000, record.body.last_seq) }, (_, index) => index + 1),
      );
    }
    expect(rows.length).toBeGreaterThanOrEqual(TARGETS.length);
  });

  it('leaves every counter true to the log', async () => {
    const wrong = await service.database.query(`
      SELECT c.id FROM fastpaca.conversations c
        LEFT JOIN LATERAL (
               SELECT count(*) AS events, max(seq) AS last, sum(token_estimate) AS tokens, max(tokens_total) AS running
                 FROM fastpaca.events e WHERE e.namespace = c.namespace AND e.conversation_id = c.id) e ON true
        LEFT JOIN LATERAL (
               SELECT count(*) AS compactions
                 FROM fastpaca.compactions k WHERE k.namespace = c.namespace AND k.conversation_id = c.id) k ON true
       WHERE c.last_seq <> e.events OR c.last_seq <> COALESCE(e.last, 0) OR c.version <> c.last_seq + k.compactions
          OR c.tokens_total <> COALESCE(e.tokens, 0) OR c.tokens_total <> COALESCE(e.running, 0)`);
    expect(wrong).toEqual([]);
  });
});
