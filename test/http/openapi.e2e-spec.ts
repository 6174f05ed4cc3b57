import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { ApiKeys } from '../../src/auth/api-keys.js';
import { Lifecycle } from '../../src/lifecycle/lifecycle.js';
import type { HttpResponse } from '../support/http-client.js';
import { RouteRecorder, RouteRecorderModule } from '../support/route-recorder.js';
import { resolve, schemaFaults, type Schema } from '../support/schema-check.js';
import { TestService } from '../support/test-service.js';

const METHODS = ['get', 'put', 'post', 'patch', 'delete'];
const EVENT = { role: 'user', parts: [{ type: 'text', text: 'How do I deploy this?' }] };
/** Headers of HTTP itself and of the browser's protection: on every answer, and nothing for a client of the API to read. */
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

/** Every operation, as `GET /v1/…`. */
const operations = (): Map<string, Schema> =>
  new Map(
    Object.entries(document.paths as Schema).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method): [string, Schema] => [
        `${method.toUpperCase()} ${path}`,
        item[method] as Schema,
      ]),
    ),
  );

describe('the document', () => {
  it('is OpenAPI 3, each reference in it leads somewhere, and each operation has an id, a summary and answers', async () => {
    expect(document.openapi).toMatch(/^3\.[01]\./);
    for (const [, ref] of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) resolve(ref!, document);
    const ids = [...operations().values()].map(({ operationId }) => operationId as string);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, operation] of operations()) {
      expect(operation).toMatchObject({ summary: expect.stringMatching(/\S/), tags: [expect.any(String)] });
      for (const answer of Object.values(operation.responses as Schema)) {
        expect(answer.description).toEqual(expect.any(String));
        expect(answer.headers['x-request-id']).toBeDefined();
      }
    }
    // The generator lints what it is given, and throws.
    await expect(
      openapiTS(document as Parameters<typeof openapiTS>[0], { silent: true }),
    ).resolves.toBeDefined();
  });

  it('says that bodies are strict, with what of them may be of any shape', () => {
    const bodies = [...operations().values()].filter(({ requestBody }) => requestBody);
    expect(bodies).toHaveLength(4);
    const violationsOf = (operationId: string, body: object) => {
      const { requestBody } = bodies.find((operation) => operation.operationId === operationId)!;
      return schemaFaults(body, requestBody.content['application/json'].schema as Schema, document);
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

  it('is the same as YAML', async () => {
    const yaml = await service.http.request('GET', '/docs-yaml');
    expect(yaml.status).toBe(200);
    for (const key of operations().keys()) expect(yaml.text).toContain(`${key.split(' ')[1]}:`);
  });

  it('has every route, and no other', () => {
    const { routes } = service.app.get(RouteRecorder);
    const served = routes
      .filter(({ method }) => method !== 'HEAD')
      .map(({ method, url }) => `${method} ${url.replace(':id', '{id}')}`);
    expect([...operations().keys()].sort()).toEqual(served.sort());
  });

  it('asks for a key where the service does', () => {
    const { routes } = service.app.get(RouteRecorder);
    for (const { method, url, scope } of routes.filter((route) => route.method !== 'HEAD')) {
      const { security, responses } = operations().get(`${method} ${url.replace(':id', '{id}')}`)!;
      expect(security ?? []).toEqual(scope === 'public' ? [] : [{ bearer: [] }]);
      expect(Object.keys(responses as object).includes('401')).toBe(scope !== 'public');
    }
  });

  it('has every answer that the service gives: its status, its headers and the shape of its body', async () => {
    const answered = new Map<string, Set<string>>();
    const undocumented: string[] = [];
    const check = (key: string, answer: HttpResponse) => {
      const operation = operations().get(key)!;
      const known = operation.responses[String(answer.status)] as Schema | undefined;
      if (!known) {
        undocumented.push(`${key} ${answer.status}`);
        return;
      }
      answered.set(key, (answered.get(key) ?? new Set()).add(String(answer.status)));
      const documented = Object.keys((known.headers ?? {}) as object).map((name) => name.toLowerCase());
      for (const [name] of answer.headers) {
        if (!GENERAL_HEADERS.test(name) && !documented.includes(name))
          undocumented.push(`${key} ${answer.status} ${name}`);
      }
      for (const name of documented) {
        if (!answer.headers.has(name)) undocumented.push(`${key} ${answer.status} lacks ${name}`);
      }
      const type = answer.headers.get('content-type')?.split(';')[0];
      const schema = known.content?.[type ?? '']?.schema as Schema | undefined;
      if (answer.text !== '' && !schema) undocumented.push(`${key} ${answer.status} ${type}`);
      else if (schema) {
        const violations = schemaFaults(
          type === 'application/json' ? answer.body : answer.text,
          schema,
          document,
        );
        undocumented.push(...violations.map((violation) => `${key} ${answer.status} ${violation}`));
      }
    };

    const base = '/v1/conversations/{id}';
    const send = async (key: string, { id = 'doc', query = '', body, headers }: Sent = {}) => {
      const [method = '', path = ''] = key.split(' ');
      check(
        key,
        await service.http.request(method, path.replace('{id}', encodeURIComponent(id)) + query, {
          body,
          headers,
        }),
      );
    };
    const bodies: Record<string, unknown> = {
      [`PUT ${base}`]: { token_budget: 1000, metadata: { a: 1 } },
      [`PATCH ${base}/metadata`]: { metadata: { b: 2 } },
      [`POST ${base}/events`]: { event: EVENT },
      [`POST ${base}/compact`]: { from_seq: 1, to_seq: 1, replacement: [EVENT] },
    };
    /** The stream has its own tests; here only what it answers before it streams. */
    const routes = [...operations().keys()].filter((key) => key.includes(base));

    // fine
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
    await send(`POST ${base}/compact`, { body: bodies[`POST ${base}/compact`] });
    for (const path of ['', '/events', '/window']) await send(`GET ${base}${path}`);
    for (const path of ['/events', '/window'])
      await send(`GET ${base}${path}`, { headers: { 'if-none-match': '*' } });
    for (const path of ['/health/live', '/health/ready', '/metrics', '/asyncapi.json'])
      await send(`GET ${path}`);
    for (const path of ['/metrics', '/asyncapi.json'])
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
    await send(`DELETE ${base}`);
    for (const key of routes.filter((each) => bodies[each])) await send(key, { body: bodies[key] });
    // 401, 403
    const keys = service.app.get(ApiKeys, { strict: false });
    const principal = keys.authenticate.bind(keys);
    keys.authenticate = () => undefined;
    for (const key of routes) await send(key, { body: bodies[key] });
    keys.authenticate = () => ({ namespace: 'default', scopes: new Set() });
    for (const key of routes) await send(key, { body: bodies[key] });
    keys.authenticate = principal;
    // 500
    await service.database.query('ALTER SCHEMA fastpaca RENAME TO gone');
    for (const key of routes)
      await send(key, { body: bodies[key], headers: { accept: 'text/event-stream' } });
    await service.database.query('ALTER SCHEMA gone RENAME TO fastpaca');
    // 503
    void service.app.get(Lifecycle).drain(0);
    for (const key of [...routes, 'GET /health/ready']) await send(key, { body: bodies[key] });

    expect(undocumented).toEqual([]);
    // And what is documented was seen, but for what belongs to the stream.
    for (const [key, statuses] of answered) {
      if (key.endsWith('/stream')) continue;
      expect([key, [...statuses].sort()]).toEqual([
        key,
        Object.keys(operations().get(key)!.responses as object).sort(),
      ]);
    }
  });
});

/** What a caller may get wrong in the quickstart: what it says, and what somebody writes instead. */
const MISTAKES = [
  ['a number as a string', 'token_budget: 1_000_000', "token_budget: '1000000'"],
  ['an unknown role', "role: 'user'", "role: 'robot'"],
  ['a part without a type', "{ type: 'text', text: 'How do", "{ text: 'How do"],
  ['an unknown query parameter', 'budget_tokens: 1_000_000', 'budget_token: 1_000_000'],
  ['a missing field', 'from_seq: 1, ', ''],
  ['an answer that is not there', 'window.data.used_tokens', 'window.data.total_tokens'],
] as const;

describe('a client generated from the document', () => {
  let folder: string;
  /** What the compiler has against each program, the quickstart first. */
  let violations: string[][];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fastpaca-client-'));
    const types = astToString(await openapiTS(document as Parameters<typeof openapiTS>[0], { silent: true }));
    await writeFile(join(folder, 'api.ts'), types);
    await symlink(join(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const sources = MISTAKES.map(([, right, wrong]) => QUICKSTART.replace(right, wrong));
    const files = [QUICKSTART, ...sources].map((__, index) => join(folder, `program${index}.ts`));
    await Promise.all(files.map((file, index) => writeFile(file, [QUICKSTART, ...sources][index]!)));
    violations = compile(files);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('drives the quickstart', async () => {
    const other = await TestService.start();
    try {
      expect(violations[0]).toEqual([]);
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [join(folder, 'program0.js'), other.url],
        {
          env: { PATH: process.env.PATH },
        },
      );
      expect(JSON.parse(stdout)).toEqual({
        created: 201,
        version: 0,
        appended: { seq: 1, version: 1, token_estimate: expect.any(Number) },
        text: 'How do I deploy this?',
        used: expect.any(Number),
        needsCompaction: false,
        compacted: 2,
        summary: 'User asked how to deploy Fastpaca.',
        refusal: { error: 'conflict', reason: 'version_mismatch', expected: 1, actual: 2 },
        unknown: ['limt'],
      });
      const { body } = await other.http.get('demo');
      expect([body.version, body.last_seq]).toEqual([2, 1]);
    } finally {
      await other.stop();
    }
  });

  it.each(MISTAKES.map(([name], index) => [name, index] as const))('does not compile with %s', (_, index) => {
    const [, right] = MISTAKES[index]!;
    expect(QUICKSTART).toContain(right);
    expect(violations[index + 1]).not.toEqual([]);
  });
});

describe('/docs', () => {
  let other: TestService;
  beforeAll(async () => (other = await TestService.start()));
  afterAll(() => other.stop());

  it.each(['/docs', '/docs/'])(
    'is a page whose files are all there, and run under its own security headers: %s',
    async (path) => {
      const page = await other.http.request('GET', path);
      expect(page.status).toBe(200);
      expect(page.headers.get('content-type')).toMatch(/^text\/html/);
      const policy = page.headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(/script-src 'self'(;|$)/);
      expect(policy).not.toContain('upgrade-insecure-requests');
      expect(page.headers.get('strict-transport-security')).toBeNull();
      expect(page.headers.get('x-content-type-options')).toBe('nosniff');
      // No script in the page itself, which that policy would keep from running.
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
    },
  );
});

/** Compiles all of them at once, strictly, and gives the errors of each. */
function compile(files: string[]): string[][] {
  const program = ts.createProgram(files, {
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2024.d.ts', 'lib.dom.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  });
  program.emit();
  const everywhere = ts.getPreEmitDiagnostics(program);
  return files.map((name) =>
    everywhere
      .filter(({ file }) => file?.fileName === name || !files.includes(file?.fileName ?? ''))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  );
}

interface Sent {
  id?: string;
  query?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The quickstart, by way of the generated types. */
const QUICKSTART = `
import createClient from 'openapi-fetch';
import type { paths } from './api.js';

declare const process: { argv: string[] };
const api = createClient<paths>({ baseUrl: process.argv[2] ?? '' });
const path = { id: 'demo' };
const conversation = '/v1/conversations/{id}';

const put = await api.PUT(conversation, {
  params: { path },
  body: { token_budget: 1_000_000, policy: { strategy: 'last_n', config: { limit: 200 } } },
});
if (put.error) throw new Error(put.error.message);

const append = await api.POST(\`\${conversation}/events\`, {
  params: { path },
  body: {
    event: { role: 'user', parts: [{ type: 'text', text: 'How do I deploy this?' }] },
    idempotency_key: 'msg-001',
  },
});
if (append.error) throw new Error(append.error.message);

const window = await api.GET(\`\${conversation}/window\`, { params: { path, query: { budget_tokens: 1_000_000 } } });
if (window.error) throw new Error(window.error.message);
const [message] = window.data.messages;

const compact = await api.POST(\`\${conversation}/compact\`, {
  params: { path },
  body: { from_seq: 1, to_seq: 1, replacement: [{ role: 'system', parts: [{ type: 'text', text: 'User asked how to deploy Fastpaca.' }] }] },
});
if (compact.error) throw new Error(compact.error.message);
const after = await api.GET(\`\${conversation}/window\`, { params: { path } });

const stale = await api.POST(\`\${conversation}/events\`, {
  params: { path },
  body: { event: { role: 'user', content: 'late' }, if_version: 1 },
});
const mistyped = await api.GET(\`\${conversation}/events\`, { params: { path, query: { limt: '1' } as object } });

const text: string | undefined = message?.parts[0]?.text;
const version: number = put.data.version;
console.log(
  JSON.stringify({
    created: put.response.status,
    version,
    appended: append.data,
    text,
    used: window.data.used_tokens,
    needsCompaction: window.data.needs_compaction,
    compacted: compact.data.version,
    summary: after.data?.messages[0]?.parts[0]?.text,
    refusal: stale.error && {
      error: stale.error.error,
      reason: stale.error.reason,
      expected: stale.error.expected,
      actual: stale.error.actual,
    },
    unknown: mistyped.error?.details?.map(({ path }) => path),
  }),
);
`;
