import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import openapiTS from 'openapi-typescript';
import { AUTHENTICATOR, type Authenticator } from '../../src/auth/authenticator.js';
import { Lifecycle } from '../../src/lifecycle/lifecycle.js';
import type { HttpResponse } from '../support/http-client.js';
import { RawConnection } from '../support/raw-http.js';
import { RouteRecorder, RouteRecorderModule } from '../support/route-recorder.js';
import { resolve, schemaViolations, type Schema } from '../support/schema-check.js';
import { TestService } from '../support/test-service.js';

const METHODS = ['get', 'put', 'post', 'patch', 'delete'];
const EVENT = { role: 'user', parts: [{ type: 'text', text: 'How do I deploy this?' }] };
const CALL = { id: 'call_1', type: 'function', function: { name: 'search', arguments: '{}' } };
/** Headers of HTTP and of browser security. They are on every response and are not documented per operation. */
const GENERAL_HEADERS =
  /^(content-type|content-length|date|connection|keep-alive|vary|transfer-encoding|content-security-policy|cross-origin-.*|origin-agent-cluster|referrer-policy|x-content-type-options|x-dns-prefetch-control|x-download-options|x-frame-options|x-permitted-cross-domain-policies|x-xss-protection)$/;

let service: TestService;
let document: Schema;
beforeAll(async () => {
  service = await TestService.start({
    modules: [RouteRecorderModule],
    env: { FASTPACA_BODY_LIMIT: '100000' },
  });
  document = (await service.http.request('GET', '/docs-json')).body as Schema;
});
afterAll(() => service.stop());

/** Every operation by method and path, such as `GET /v1/conversations/{id}`. */
const operations = (): Map<string, Schema> =>
  new Map(
    Object.entries(document.paths as Schema).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method): [string, Schema] => [
        `${method.toUpperCase()} ${path}`,
        item[method] as Schema,
      ]),
    ),
  );

describe('the OpenAPI document', () => {
  it('is OpenAPI 3 with resolvable references, and each operation has a unique id, a summary and responses', async () => {
    expect(document.openapi).toMatch(/^3\.[01]\./);
    for (const [, ref] of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) resolve(ref!, document);
    const ids = [...operations().values()].map(({ operationId }) => operationId as string);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, operation] of operations()) {
      expect(operation).toMatchObject({ summary: expect.stringMatching(/\S/), tags: [expect.any(String)] });
      for (const response of Object.values(operation.responses as Schema)) {
        expect(response.description).toEqual(expect.any(String));
        expect(response.headers['x-request-id']).toBeDefined();
      }
    }
    // The generator throws if the document is invalid.
    await expect(
      openapiTS(document as Parameters<typeof openapiTS>[0], { silent: true }),
    ).resolves.toBeDefined();
  });

  it('declares request bodies as strict, except for events, metadata and policy configs', () => {
    const bodies = [...operations().values()].filter(({ requestBody }) => requestBody);
    expect(bodies).toHaveLength(7);
    const violationsOf = (operationId: string, body: object) => {
      const { requestBody } = bodies.find((operation) => operation.operationId === operationId)!;
      return schemaViolations(body, requestBody.content['application/json'].schema as Schema, document);
    };
    for (const { operationId, requestBody } of bodies) {
      const { $ref } = requestBody.content['application/json'].schema;
      expect([operationId, resolve($ref as string, document).additionalProperties]).toEqual([
        operationId,
        false,
      ]);
    }
    const event = { role: 'user', parts: [{ type: 'own', own: 1 }], own: 1, metadata: { own: 1 } };
    expect(violationsOf('appendEvents', { event })).toEqual([]);
    expect(
      violationsOf('putConversation', { metadata: { own: 1 }, policy: { strategy: 'budget', config: {} } }),
    ).toEqual([]);
    expect(violationsOf('putConversation', { policy: { strategy: 'budget', own: 1 } })).toHaveLength(1);
  });

  it('has one schema for each thing, named without the suffix of our classes', () => {
    const names = Object.keys(document.components.schemas as Schema);
    expect(names).toEqual(
      expect.arrayContaining(['Conversation', 'Error', 'Event', 'Message', 'NewEvent', 'Part', 'Role']),
    );
    expect(names.filter((name) => name.endsWith('Dto'))).toEqual([]);
    const enums = [...JSON.stringify(document).matchAll(/"enum":(\[[^\]]*,[^\]]*\])/g)].map(
      ([, list]) => list,
    );
    expect(enums.filter((list, index) => enums.indexOf(list) !== index)).toEqual([]);
  });

  it('accepts the same events as the service', async () => {
    await service.http.put('events');
    const { role, parts } = EVENT;
    const events = [
      { role, parts },
      { role, content: 'so' },
      { role, parts, content: 'so' },
      { role },
      { parts },
      { content: 'so' },
      {},
      { role, parts: [] },
      { role, parts: [{ text: 'so' }] },
      { role: 'robot', parts },
      { role, content: 1 },
      { role, content: 'so', token_count: -1 },
      { role, content: parts },
      { role, content: [] },
      { role, content: [{ text: 'so' }] },
      { role, content: [...parts, 'so'] },
      { role, content: null },
      { role, content: parts, parts },
      ...[null, 'so', [], parts, 7].map((content) => ({ role, content, tool_calls: [CALL] })),
      ...[[], parts, 7].map((each) => ({ role, parts: each, tool_calls: [CALL] })),
      { role, tool_calls: [CALL] },
      { role, parts, content: 'so', tool_calls: [CALL] },
      { role, tool_calls: [] },
      { role, content: null, tool_calls: [] },
      { role, content: null, tool_calls: CALL },
    ];
    const schema = resolve('#/components/schemas/NewEvents', document);
    for (const event of events) {
      const { status } = await service.http.append('events', { event });
      const isDocumented = schemaViolations({ event }, schema, document).length === 0;
      expect([event, isDocumented]).toEqual([event, status === 201]);
    }
  });

  it('says how to authenticate, where the service is, and what its tags mean', () => {
    expect(document.components.securitySchemes).toEqual({
      bearer: { type: 'http', scheme: 'bearer', description: expect.any(String) },
    });
    expect(document.servers).toMatchObject([{ url: '/' }]);
    expect(document.info).toMatchObject({ license: { name: 'Apache-2.0' } });
    const described = (document.tags as Schema[]).map(({ name, description }) => description && name);
    const used = [...operations().values()].flatMap(({ tags }) => tags as string[]);
    expect(described.toSorted()).toEqual([...new Set(used)].sort());
  });

  it('is named by GET /, together with the other documents', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    const { body } = await service.http.request('GET', '/');
    const { name, version: served, ...paths } = body as Record<string, string>;
    expect([name, served]).toEqual(['fastpaca', version]);
    expect(Object.keys(paths)).toEqual(['docs', 'openapi', 'asyncapi', 'health']);
    for (const path of Object.values(paths))
      expect((await service.http.request('GET', path)).status).toBe(200);
  });

  it('is also available as YAML', async () => {
    const yaml = await service.http.request('GET', '/docs-yaml');
    expect(yaml.status).toBe(200);
    for (const key of operations().keys()) expect(yaml.text).toContain(`${key.split(' ')[1]}:`);
  });

  it('documents exactly the routes of the service', () => {
    const { routes } = service.app.get(RouteRecorder);
    const served = routes
      .filter(({ method }) => method !== 'HEAD')
      .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`);
    expect([...operations().keys()].sort()).toEqual(served.sort());
  });

  it('requires a key on the same routes as the service', () => {
    const { routes } = service.app.get(RouteRecorder);
    for (const { method, url, scope } of routes.filter((route) => route.method !== 'HEAD')) {
      const { security, responses } = operations().get(`${method} ${url.replace(/:(\w+)/g, '{$1}')}`)!;
      expect(security ?? []).toEqual(scope === 'public' ? [] : [{ bearer: [] }]);
      expect(Object.keys(responses as object).includes('401')).toBe(scope !== 'public');
    }
  });

  it('documents the status, headers and body of every response', async () => {
    const statusesSeen = new Map<string, Set<string>>();
    const undocumented: string[] = [];
    const check = (key: string, response: HttpResponse) => {
      const operation = operations().get(key)!;
      const documented = operation.responses[String(response.status)] as Schema | undefined;
      if (!documented) {
        undocumented.push(`${key} ${response.status}`);
        return;
      }
      statusesSeen.set(key, (statusesSeen.get(key) ?? new Set()).add(String(response.status)));
      const headerNames = Object.keys((documented.headers ?? {}) as object).map((name) => name.toLowerCase());
      for (const [name] of response.headers) {
        if (!GENERAL_HEADERS.test(name) && !headerNames.includes(name))
          undocumented.push(`${key} ${response.status} ${name}`);
      }
      for (const name of headerNames) {
        if (!response.headers.has(name)) undocumented.push(`${key} ${response.status} lacks ${name}`);
      }
      const type = response.headers.get('content-type')?.split(';')[0];
      const schema = documented.content?.[type ?? '']?.schema as Schema | undefined;
      if (response.text !== '' && !schema) undocumented.push(`${key} ${response.status} ${type}`);
      else if (schema) {
        const violations = schemaViolations(
          type === 'application/json' ? response.body : response.text,
          schema,
          document,
        );
        undocumented.push(...violations.map((violation) => `${key} ${response.status} ${violation}`));
      }
    };

    const base = '/v1/conversations/{id}';
    const send = async (
      key: string,
      { id = 'doc', version = 1, query = '', body, headers }: SentRequest = {},
    ) => {
      const [method = '', path = ''] = key.split(' ');
      const filled = path.replace('{id}', encodeURIComponent(id)).replace('{version}', String(version));
      check(key, await service.http.request(method, filled + query, { body, headers }));
    };
    const undo = `POST ${base}/compactions/{version}/undo`;
    const bodies: Record<string, unknown> = {
      [`PUT ${base}`]: { token_budget: 1000, metadata: { a: 1 } },
      [`PATCH ${base}/metadata`]: { metadata: { b: 2 } },
      [`POST ${base}/events`]: { event: EVENT },
      [`POST ${base}/window/preview`]: { compaction: { from_seq: 1, to_seq: 2, replacement: [EVENT] } },
      [`POST ${base}/compact`]: { from_seq: 1, to_seq: 1, replacement: [EVENT] },
      [`POST ${base}/withdraw`]: { from_seq: 1, to_seq: 1 },
      [undo]: {},
    };
    /** Routes of a conversation. Of the stream, this test checks only the responses sent before it starts. */
    const routes = [...operations().keys()].filter((key) => key.includes(base));

    // 200, 201 and 304
    await send(`PUT ${base}`, { body: bodies[`PUT ${base}`] });
    await send(`PUT ${base}`, { body: { policy: { strategy: 'budget' } } });
    await send(`POST ${base}/events`, {
      body: { event: { ...EVENT, id: 'x', metadata: { m: 1 }, extra: 1 }, idempotency_key: 'k' },
    });
    await send(`POST ${base}/events`, {
      body: { event: { ...EVENT, id: 'x', metadata: { m: 1 }, extra: 1 }, idempotency_key: 'k' },
    });
    await send(`POST ${base}/events`, {
      body: { events: [EVENT, { role: 'assistant', content: 'so' }], idempotency_key: 't' },
    });
    await send(`POST ${base}/events`, {
      body: { events: [EVENT, { role: 'assistant', content: 'so' }], idempotency_key: 't' },
    });
    await send(`PATCH ${base}/metadata`, { body: { metadata: { b: 2 } } });
    await send(`POST ${base}/window/preview`, { body: bodies[`POST ${base}/window/preview`] });
    await send(`POST ${base}/compact`, { body: bodies[`POST ${base}/compact`] });
    await send(`POST ${base}/withdraw`, { body: bodies[`POST ${base}/withdraw`] });
    await send(undo, { version: 5, body: {} });
    for (const path of ['', '/events', '/window', '/compactions']) await send(`GET ${base}${path}`);
    for (const path of ['/events', '/window'])
      await send(`GET ${base}${path}`, { headers: { 'if-none-match': '*' } });
    for (const path of ['/', '/health/live', '/health/ready', '/metrics', '/asyncapi.json'])
      await send(`GET ${path}`);
    for (const path of ['/health/live', '/health/ready']) {
      const connection = await RawConnection.open(service.url);
      check(`GET ${path}`, await connection.write(`GET ${path} HTTP/1.1\r\nno header\r\n\r\n`).response());
    }
    for (const path of ['/', '/metrics', '/asyncapi.json'])
      await send(`GET ${path}`, { headers: { origin: 'https://evil.test' } });
    // 400, 404, 413, 415, 409
    for (const key of routes) {
      await send(key, { id: 'a\u0001', body: bodies[key] });
      await send(key, { query: '?unknown=1', body: bodies[key] });
      if (!key.startsWith('PUT')) await send(key, { id: 'absent', body: bodies[key] });
      if (!bodies[key]) continue;
      await send(key, { body: {} });
      await send(key, { body: '{' });
      await send(key, { body: JSON.stringify('x'.repeat(100_001)) });
      await send(key, { body: 'x', headers: { 'content-type': 'text/plain' } });
    }
    await send(`POST ${base}/events`, { body: { event: EVENT, if_version: 0 } });
    await send(`POST ${base}/events`, {
      body: { event: { role: 'user', content: 'other' }, idempotency_key: 'k' },
    });
    await send(`POST ${base}/compact`, { body: { from_seq: 1, to_seq: 99, replacement: [EVENT] } });
    await send(`GET ${base}/window`, { query: '?if_version=0' });
    await send(`POST ${base}/window/preview`, { query: '?if_version=0', body: {} });
    await send(`POST ${base}/window/preview`, { body: { token_budget: 0 } });
    await send(`DELETE ${base}`);
    for (const key of routes.filter((each) => bodies[each])) await send(key, { body: bodies[key] });
    // 410
    await send(`DELETE ${base}`, { query: '?mode=erase' });
    for (const key of routes)
      await send(key, { body: bodies[key], headers: { accept: 'text/event-stream' } });
    // 401, 403
    const keys = service.app.get<Authenticator>(AUTHENTICATOR, { strict: false });
    const authenticate = keys.authenticate.bind(keys);
    keys.authenticate = () => undefined;
    for (const key of routes) await send(key, { body: bodies[key] });
    keys.authenticate = () => ({ namespace: 'default', scopes: new Set() });
    for (const key of routes) await send(key, { body: bodies[key] });
    keys.authenticate = authenticate;
    // 500
    await service.database.query('ALTER SCHEMA fastpaca RENAME TO gone');
    for (const key of routes)
      await send(key, { body: bodies[key], headers: { accept: 'text/event-stream' } });
    await service.database.query('ALTER SCHEMA gone RENAME TO fastpaca');
    // 503
    void service.app.get(Lifecycle).drain(0);
    for (const key of [...routes, 'GET /health/ready']) await send(key, { body: bodies[key] });

    expect(undocumented).toEqual([]);
    // The service has sent every documented status, except on the stream.
    for (const [key, statuses] of statusesSeen) {
      if (key.endsWith('/stream')) continue;
      expect([key, [...statuses].sort()]).toEqual([
        key,
        Object.keys(operations().get(key)!.responses as object).sort(),
      ]);
    }
  });
});

describe('/docs', () => {
  let other: TestService;
  beforeAll(async () => (other = await TestService.start()));
  afterAll(() => other.stop());

  it.each(['/docs', '/docs/'])('is a page whose files load under its security headers: %s', async (path) => {
    const page = await other.http.request('GET', path);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/script-src 'self'(;|$)/);
    expect(policy).not.toContain('upgrade-insecure-requests');
    expect(page.headers.get('strict-transport-security')).toBeNull();
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    // The policy blocks inline scripts, so the page must not contain any.
    for (const [, attributes, content] of page.text.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)) {
      expect(attributes).toContain('src=');
      expect(content!.trim()).toBe('');
    }
    expect(page.text).not.toMatch(/\son\w+=/);
    const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, file]) => new URL(file!, other.url + path),
    );
    expect(files.length).toBeGreaterThanOrEqual(4);
    const types = { js: 'javascript', css: 'css', png: 'png' };
    for (const { origin, pathname } of files) {
      expect(origin).toBe(other.url);
      const file = await other.http.request('GET', pathname);
      expect([pathname, file.status]).toEqual([pathname, 200]);
      expect(file.headers.get('content-type')).toContain(
        types[pathname.split('.').at(-1) as keyof typeof types],
      );
    }
  });
});

interface SentRequest {
  id?: string;
  /** Of a compaction. */
  version?: number;
  query?: string;
  body?: unknown;
  headers?: Record<string, string>;
}
