import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError } from '../support/error-shape.js';
import type { HttpResponse } from '../support/http-client.js';
import { EVENT, ROUTES, ROUTES_WITH_BODY } from '../support/routes.js';
import { TestService } from '../support/test-service.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
  await service.http.put('one');
});
afterAll(() => service.stop());

const call = (method: string, rest: string, options = {}) =>
  service.http.request(method, service.http.path('one', rest), options);

describe('the validation of a request envelope', () => {
  it('rejects and names an unknown query parameter on every route', async () => {
    for (const [method, rest, body] of ROUTES) {
      const response = await call(method, `${rest}?if_versio=1`, { body });
      expectError(response, 400);
      expect(response.body.details).toEqual([{ path: 'if_versio', message: 'is not a known parameter' }]);
      expect(response.body.message).toContain('if_versio');
    }
    expect((await service.http.get('one')).body.tombstoned).toBe(false);
  });

  it('rejects query parameters named like inherited object properties', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__proto__[x]']) {
      for (const [method, rest, body] of ROUTES) {
        expectError(await call(method, `${rest}?${encodeURIComponent(name)}=1`, { body }), 400);
      }
    }
  });

  it('rejects a repeated query parameter', async () => {
    for (const path of [
      '/events?limit=1&limit=2',
      '/events?cursor=1&cursor=1',
      '/window?if_version=3&if_version=3',
    ]) {
      const response = await call('GET', path);
      expectError(response, 400);
      expect(response.body.details).toEqual([
        { path: /\?(\w+)/.exec(path)![1], message: 'is given more than once' },
      ]);
    }
  });

  it.each(['', '1.0', '1e2', '0x10', ' 1', '+1', 'null', 'NaN', '١'])(
    'rejects a query number spelled "%s"',
    async (value) => {
      for (const name of ['limit', 'cursor', 'from_seq', 'to_seq']) {
        const response = await call('GET', `/events?${name}=${encodeURIComponent(value)}`);
        expectError(response, 400);
        expect(response.body.details).toEqual([expect.objectContaining({ path: name })]);
      }
      for (const name of ['budget_tokens', 'if_version']) {
        expectError(await call('GET', `/window?${name}=${encodeURIComponent(value)}`), 400);
      }
    },
  );

  it.each([2 ** 53, 1e20, 1e300])(
    'names the allowed range if a seq or a version exceeds 2^53 − 1: %d',
    async (value) => {
      const replacement = [EVENT];
      const requests: [name: string, response: Promise<HttpResponse>][] = [
        ...['cursor', 'from_seq', 'to_seq'].map((name): [string, Promise<HttpResponse>] => [
          name,
          call('GET', `/events?${name}=${BigInt(value)}`),
        ]),
        ['if_version', call('GET', `/window?if_version=${BigInt(value)}`)],
        ['cursor', call('GET', `/stream?cursor=${BigInt(value)}`)],
        ['if_version', call('POST', '/events', { body: { event: EVENT, if_version: value } })],
        [
          'if_version',
          call('POST', '/compact', { body: { from_seq: 1, to_seq: 1, replacement, if_version: value } }),
        ],
        ['from_seq', call('POST', '/compact', { body: { from_seq: value, to_seq: 1, replacement } })],
        ['to_seq', call('POST', '/compact', { body: { from_seq: 1, to_seq: value, replacement } })],
      ];
      for (const [name, request] of requests) {
        const response = await request;
        expectError(response, 400);
        expect(response.body.details).toEqual([
          { path: name, message: expect.stringMatching(/^must be an integer .*\b9007199254740991$/) },
        ]);
      }
    },
  );

  it('rejects and names an unknown field on every route with a body', async () => {
    for (const [method, rest, body] of ROUTES_WITH_BODY) {
      for (const name of ['if_versio', '__proto__', 'constructor', '']) {
        const text = `${JSON.stringify(body).slice(0, -1)},${JSON.stringify(name)}:null}`;
        const response = await call(method, rest, { body: text });
        expectError(response, 400);
        expect(response.body.details).toEqual([{ path: name, message: 'is not a known field' }]);
      }
    }
  });

  it('does not parse numbers from strings in a body', async () => {
    for (const [rest, body] of [
      ['/events', { event: EVENT, if_version: '0' }],
      ['/compact', { from_seq: '1', to_seq: 1, replacement: [EVENT] }],
    ] as const) {
      expectError(await call('POST', rest, { body }), 400);
    }
    expectError(await call('PUT', '', { body: { token_budget: '100' } }), 400);
  });

  it('treats null as absent', async () => {
    const { version } = (await service.http.get('one')).body as { version: number };
    const response = await call('POST', '/events', {
      body: { event: EVENT, events: null, if_version: null, idempotency_key: null },
    });
    expect(response.status).toBe(201);
    expect(response.body.version).toBe(version + 1);
    const updated = await call('PUT', '', {
      body: { token_budget: 100, policy: null, metadata: null, trigger_ratio: null },
    });
    expect(updated.status).toBe(200);
  });
});

describe('the details of a 400', () => {
  const paths = (response: { body: { details: { path: string }[] } }) =>
    response.body.details.map(({ path }) => path).sort();

  it('list every violation of a PUT', async () => {
    const response = await call('PUT', '', {
      body: {
        token_budget: 0,
        trigger_ratio: 2,
        metadata: [],
        polcy: 1,
        policy: { strategy: 'last_n', config: { limit: 'x', limt: 1 }, ratio: 1 },
      },
    });
    expectError(response, 400);
    expect(paths(response)).toEqual(
      [
        'metadata',
        'policy.config.limit',
        'policy.config.limt',
        'policy.ratio',
        'polcy',
        'token_budget',
        'trigger_ratio',
      ].sort(),
    );
  });

  it('list every violation of an append with the path of its event and part', async () => {
    const response = await call('POST', '/events', {
      body: {
        events: [
          EVENT,
          { role: 'robot', parts: [{ type: 'text' }, {}, 7] },
          'x',
          { role: 'user', content: 'a', parts: [], metadata: 1 },
        ],
        if_version: -1,
        idempotency_key: '',
      },
    });
    expectError(response, 400);
    expect(paths(response)).toEqual(
      [
        'events[1].role',
        'events[1].parts[1].type',
        'events[1].parts[2]',
        'events[2]',
        'events[3].content',
        'events[3].metadata',
        'if_version',
        'idempotency_key',
      ].sort(),
    );
  });

  it('list mutually exclusive fields together with other violations', async () => {
    const both = await call('POST', '/events', {
      body: { event: { role: 'robot', content: 'a' }, events: [], if_version: 'x' },
    });
    expectError(both, 400);
    expect(paths(both)).toEqual(['event.role', 'events', 'events', 'if_version']);
    const neither = await call('POST', '/events', { body: { if_version: 'x' } });
    expect(paths(neither)).toEqual(['event', 'if_version']);
    const page = await call('GET', '/events?cursor=1&from_seq=5&to_seq=4&limit=0');
    expectError(page, 400);
    expect(paths(page)).toEqual(['cursor', 'limit', 'to_seq']);
    const wait = await call('GET', '/events?from_seq=5&to_seq=4&wait_ms=1');
    expect(paths(wait)).toEqual(['to_seq', 'wait_ms']);
  });

  it('list the violations of path, query, headers and body together', async () => {
    const id = 'a%01';
    const send = (method: string, rest: string, body?: object, headers?: Record<string, string>) =>
      service.http.request(method, `/v1/conversations/${id}${rest}`, { body, headers });
    const robot = { role: 'robot', content: 'a' };
    for (let round = 0; round < 20; round += 1) {
      const append = await send('POST', '/events?x=1', { event: robot }, { 'idempotency-key': '' });
      expectError(append, 400);
      expect(paths(append)).toEqual(['Idempotency-Key', 'event.role', 'id', 'x']);
    }
    const differs = await send(
      'POST',
      '/events',
      { event: robot, idempotency_key: 'a' },
      { 'idempotency-key': 'b' },
    );
    expect(paths(differs)).toEqual(['event.role', 'id', 'idempotency_key']);
    expect(paths(await send('PUT', '?x=1', { trigger_ratio: 2 }))).toEqual(['id', 'trigger_ratio', 'x']);
    expect(paths(await send('PATCH', '/metadata?x=1', {}))).toEqual(['id', 'metadata', 'x']);
    expect(paths(await send('POST', '/compact?x=1', { to_seq: 'x', from_seq: 1, replacement: [] }))).toEqual(
      expect.arrayContaining(['id', 'to_seq', 'x']),
    );
    expect(paths(await send('GET', '/events?limit=x&y=1'))).toEqual(['id', 'limit', 'y']);
    expect(paths(await send('GET', '/window?if_version=x'))).toEqual(['id', 'if_version']);
    expect(paths(await send('DELETE', '?x=1'))).toEqual(['id', 'x']);
    const stream = { accept: 'text/event-stream', 'last-event-id': 'x' };
    expect(paths(await send('GET', '/stream?cursor=x', undefined, stream))).toEqual([
      'Last-Event-ID',
      'cursor',
      'id',
    ]);
    const text = await call('PUT', '?x=1', { body: '[]' });
    expect(paths(text)).toEqual(['', 'x']);
  });

  it('list violations of configured limits together with other violations', async () => {
    const put = await call('PUT', '', {
      body: { token_budget: 2_000_000, metadata: { long: 'x'.repeat(65_536) }, trigger_ratio: 0 },
    });
    expectError(put, 400);
    expect(paths(put)).toEqual(['metadata', 'token_budget', 'trigger_ratio']);
  });

  it('do not mix the violations of concurrent requests', async () => {
    const responses = await Promise.all(
      Array.from({ length: 50 }, (_, index) => call('GET', `/events?p${index}=1&limit=x`)),
    );
    for (const [index, response] of responses.entries())
      expect(paths(response)).toEqual(['limit', `p${index}`].sort());
  });

  it('list the first 100 violations, then one entry for the rest', async () => {
    const events = Array.from({ length: 100 }, () => ({
      role: 'user',
      parts: Array.from({ length: 1000 }, () => ({})),
    }));
    const response = await call('POST', '/events', { body: { events } });
    expect(response.status).toBe(400);
    expect(response.body.details).toHaveLength(101);
    expect(paths(response)).toContain('events[0].parts[99].type');
    expect(response.body.details.at(-1).message).toMatch(/^there are at least 101 violations/);
    expect(response.text.length).toBeLessThan(64 * 1024);
  });
});
