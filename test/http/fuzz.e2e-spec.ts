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

/** Maximum number of shrinking steps before fast-check reports a failure and its seed. */
const MAX_SHRINKS = 200;

let service: TestService;
let agent: Agent;
/** State of a conversation that no random request writes to. */
let control: unknown;
let requestCount = 0;

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

/** Sends a request, including requests that `fetch` rejects, such as a GET with a body. */
function send({ method, path, headers, body }: AnyRequest): Promise<HttpResponse> {
  requestCount += 1;
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

/** Asserts that the status is below 500 and that an error has the documented shape. */
function expectDocumentedResponse({ method }: AnyRequest, response: HttpResponse): void {
  expect(response.status).toBeLessThan(500);
  expect(response.headers.get('x-request-id')).toBeTruthy();
  if (response.status >= 400 && method !== 'HEAD') expectErrorShape(response);
}

const manyMutatedRequests = fc.array(anyMutatedRequest, { minLength: 1, maxLength: 10 });

describe('a service that receives random requests', () => {
  it('responds to concurrent mutated requests without 5xx and with documented errors', async () => {
    await fc.assert(
      fc.asyncProperty(fc.limitShrink(manyMutatedRequests, MAX_SHRINKS), async (requests) => {
        const responses = await Promise.all(requests.map(send));
        requests.forEach((request, index) => expectDocumentedResponse(request, responses[index]!));
      }),
      { numRuns: 900 },
    );
  });

  it('responds to random bodies without 5xx and with documented errors', async () => {
    await fc.assert(
      fc.asyncProperty(fc.limitShrink(anyRandomRequest, MAX_SHRINKS), async (request) =>
        expectDocumentedResponse(request, await send(request)),
      ),
      { numRuns: 500 },
    );
  });

  it('responds to damaged bytes with a documented error, or closes the connection', async () => {
    await fc.assert(
      fc.asyncProperty(fc.limitShrink(anyDamagedBytes, MAX_SHRINKS), async (bytes) => {
        requestCount += 1;
        const connection = await RawConnection.open(service.url);
        connection.write(bytes).finish();
        const response = await connection.response().catch(() => undefined);
        connection.close();
        if (!response) return;
        expect(response.status).toBeLessThan(500);
        if (response.status >= 400 && response.status !== 431) expectErrorShape(response);
      }),
      { numRuns: 400 },
    );
  });

  it('has received more than 3,000 requests', () => {
    expect(requestCount).toBeGreaterThan(3000);
  });

  it('leaves a conversation without random requests unchanged', async () => {
    expect(await readControl()).toEqual(control);
  });

  it('keeps every stored conversation readable', async () => {
    const rows = await service.database.query<{ id: string }>('SELECT id FROM fastpaca.conversations');
    for (const { id } of rows) {
      const responses = await Promise.all([
        service.http.get(id),
        service.http.events(id, '?from_seq=1'),
        service.http.window(id),
      ]);
      expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
      const [record, page] = responses;
      expect(page.body.events.map(({ seq }: { seq: number }) => seq)).toEqual(
        Array.from({ length: Math.min(1000, record.body.last_seq) }, (_, index) => index + 1),
      );
    }
    expect(rows.length).toBeGreaterThanOrEqual(TARGETS.length);
  });

  it('keeps every counter consistent with the log', async () => {
    const inconsistent = await service.database.query(`
      SELECT c.id FROM fastpaca.conversations c
        LEFT JOIN LATERAL (
               SELECT count(*) AS events, max(seq) AS last, sum(token_estimate) AS tokens, max(tokens_total) AS running
                 FROM fastpaca.events e WHERE e.namespace = c.namespace AND e.conversation_id = c.id) e ON true
        LEFT JOIN LATERAL (
               SELECT count(*) AS compactions
                 FROM fastpaca.compactions k WHERE k.namespace = c.namespace AND k.conversation_id = c.id) k ON true
       WHERE c.last_seq <> e.events OR c.last_seq <> COALESCE(e.last, 0) OR c.version <> c.last_seq + k.compactions
          OR c.tokens_total <> COALESCE(e.tokens, 0) OR c.tokens_total <> COALESCE(e.running, 0)`);
    expect(inconsistent).toEqual([]);
  });
});
