import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BuiltService, type Exit } from '../support/built-service.js';
import { freePort } from '../support/free-port.js';
import { CLIENT, ERROR, OtlpCollector, SERVER, type ReceivedSpan } from '../support/otlp-collector.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Every text and every key contains this. */
const MARK = 'MARK7f3a';
const API_KEY = `${MARK}-key`;
const CONVERSATION = 'visible-id';
const PATH = `/v1/conversations/${CONVERSATION}`;
/** The caller's trace and span. */
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';

/** Runs `code` in the process of the service before its own code. */
const preload = (code: string) => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
});
/** Prints the URL of every module of OpenTelemetry that is loaded. */
const PRINT_LOADED = preload(`
  import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, next) {
      if (url.includes('/@opentelemetry/')) process.stderr.write(url + '\\n');
      return next(url, context);
    },
  });`);
const WITHOUT_SDK = preload(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      return next(specifier === '@opentelemetry/sdk-node' ? 'a-package-that-does-not-exist' : specifier, context);
    },
  });`);

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

describe('with OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  let collector: OtlpCollector;
  let exit: Exit;
  let errors: string;

  /** The one server span of the request with this id. */
  const spanOf = (requestId: string): ReceivedSpan => {
    const spans = collector.spans.filter(({ attributes }) => attributes['fastpaca.request_id'] === requestId);
    expect(spans).toHaveLength(1);
    return spans[0]!;
  };
  const childrenOf = ({ spanId }: ReceivedSpan) =>
    collector.spans.filter(({ parentSpanId }) => parentSpanId === spanId);

  beforeAll(async () => {
    collector = await OtlpCollector.start();
    const service = await BuiltService.start({
      DATABASE_URL: database.url,
      FASTPACA_API_KEY: API_KEY,
      FASTPACA_NODE_NAME: 'node-1',
      ...collector.variables,
    });
    const send = (id: string, method: string, path: string, body?: unknown, headers = {}) =>
      service.http.request(method, path, {
        body,
        headers: { authorization: `Bearer ${API_KEY}`, 'x-request-id': id, ...headers },
      });
    const event = { role: 'user', content: `${MARK} text` };
    const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`;
    await send('put', 'PUT', PATH, { token_budget: 1000, metadata: { [MARK]: MARK } }, { traceparent });
    await send('append', 'POST', `${PATH}/events`, { event, idempotency_key: MARK });
    await send('window', 'GET', `${PATH}/window?if_version=1`);
    await send('unknown', 'GET', '/nope');
    await send('denied', 'GET', PATH, undefined, { authorization: `Bearer ${MARK}-wrong` });
    await database.query('ALTER TABLE fastpaca.conversations RENAME TO gone');
    await send('failed', 'PATCH', `${PATH}/metadata`, { metadata: { [MARK]: MARK } });
    await database.query('ALTER TABLE fastpaca.gone RENAME TO conversations');
    expect(collector.spans).toEqual([]); // they are sent when the service stops
    exit = await service.stop();
    errors = service.errors;
  });
  afterAll(() => collector.stop());

  it('a stop sends the spans that are left, and only traces', () => {
    expect(exit).toEqual({ code: 0, signal: null });
    expect(errors).toBe('');
    expect(new Set(collector.paths)).toEqual(new Set(['/v1/traces']));
  });

  it('a request is one server span, named by method and route, with the HTTP attributes', () => {
    const span = spanOf('append');
    expect(span).toMatchObject({ name: 'POST /v1/conversations/:id/events', kind: SERVER });
    expect(span.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/conversations/:id/events',
      'http.response.status_code': 201,
      'url.path': `${PATH}/events`,
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'network.protocol.version': '1.1',
      'fastpaca.conversation_id': CONVERSATION,
      'fastpaca.seq': 1,
    });
    expect(spanOf('unknown')).toMatchObject({
      name: 'GET',
      attributes: { 'http.response.status_code': 404 },
    });
    expect(spanOf('denied').attributes).toMatchObject({ 'http.response.status_code': 401 });
    expect(spanOf('window').attributes['url.path']).toBe(`${PATH}/window`);
  });

  it('a request without traceparent begins a trace, one with traceparent continues it', () => {
    expect(spanOf('put')).toMatchObject({ traceId: TRACE_ID, parentSpanId: PARENT_ID });
    const { traceId, parentSpanId } = spanOf('append');
    expect([traceId === TRACE_ID, Boolean(parentSpanId)]).toEqual([false, false]);
  });

  it('a statement of a request is a child of its span', () => {
    for (const id of ['put', 'append', 'window']) {
      const request = spanOf(id);
      const statements = childrenOf(request);
      expect(statements).not.toEqual([]);
      for (const { traceId, kind, name, attributes } of statements) {
        expect({ traceId, kind }).toEqual({ traceId: request.traceId, kind: CLIENT });
        expect(attributes).toEqual({ 'db.system.name': 'postgresql', 'db.query.summary': name });
      }
    }
    const ofRequests = collector.spans.filter(({ kind }) => kind === SERVER).map(({ spanId }) => spanId);
    for (const { kind, parentSpanId } of collector.spans) {
      if (kind === CLIENT) expect(ofRequests).toContain(parentSpanId);
    }
  });

  it('an internal error marks the span of the request and of the statement', () => {
    const request = spanOf('failed');
    expect(request).toMatchObject({
      status: { code: ERROR },
      attributes: { 'http.response.status_code': 500, 'error.type': '500' },
    });
    expect(childrenOf(request).at(-1)).toMatchObject({
      status: { code: ERROR },
      attributes: { 'error.type': '42P01', 'db.response.status_code': '42P01' },
    });
    expect(spanOf('denied').status.code).not.toBe(ERROR);
  });

  it('names contain no id, and nothing contains a key or text', () => {
    const names = collector.spans.map(({ name }) => name);
    expect(names.filter((name) => name.includes(CONVERSATION))).toEqual([]);
    expect(collector.bodies.join()).not.toContain(MARK);
  });

  it('the service is named, and its command line is not sent', () => {
    const [{ resource } = { resource: {} }] = collector.spans;
    expect(resource).toMatchObject({
      'service.name': 'fastpaca',
      'service.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
      'service.instance.id': 'node-1',
    });
    expect(Object.keys(resource).filter((name) => name.startsWith('process.'))).toEqual([]);
  });
});

describe('OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES', () => {
  it('replace the defaults of the service', async () => {
    const collector = await OtlpCollector.start();
    const service = await BuiltService.start({
      DATABASE_URL: database.url,
      ...collector.variables,
      OTEL_SERVICE_NAME: 'context',
      OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=a,deployment.environment.name=test',
    });
    await service.http.request('GET', '/health/live');
    await service.stop();
    await collector.stop();
    expect(collector.spans[0]?.resource).toMatchObject({
      'service.name': 'context',
      'service.instance.id': 'a',
      'deployment.environment.name': 'test',
    });
  });
});

describe('the modules of OpenTelemetry', () => {
  /** The packages that a service with these variables loads. */
  const loadedBy = async (variables: Record<string, string>) => {
    const service = await BuiltService.start({ DATABASE_URL: database.url, ...PRINT_LOADED, ...variables });
    await service.http.put('loaded');
    await service.stop();
    return new Set(Array.from(service.errors.matchAll(/@opentelemetry\/([^/]+)/g), ([, name]) => name));
  };

  it.each([
    ['without an endpoint', {}],
    ['with an empty endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
    [
      'with OTEL_SDK_DISABLED=true',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' },
    ],
    [
      'with OTEL_TRACES_EXPORTER=none',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_EXPORTER: 'none' },
    ],
  ])('are not loaded %s; prom-client alone loads the interface', async (_, variables) => {
    expect(await loadedBy(variables)).toEqual(new Set(['api']));
  });

  it('are loaded with an endpoint', async () => {
    const collector = await OtlpCollector.start();
    expect(await loadedBy(collector.variables)).toContain('sdk-node');
    await collector.stop();
  });
});

describe('a service whose traces cannot be sent', () => {
  it('does not start if the SDK is not installed, and says in one line what to install', async () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
    const service = BuiltService.launch({ DATABASE_URL: database.url, ...WITHOUT_SDK, ...endpoint });
    expect(await service.exited).toEqual({ code: 1, signal: null });
    const failures = service.records().filter(({ level }) => ['error', 'fatal'].includes(level));
    expect(failures.map(({ msg }) => msg)).toEqual([
      'cannot start: OTEL_EXPORTER_OTLP_ENDPOINT is set, but @opentelemetry/sdk-node is not installed: ' +
        'run "npm install @opentelemetry/sdk-node", or set OTEL_SDK_DISABLED=true',
    ]);
    expect(service.errors).toBe('');
  });

  it('answers and stops as usual while the collector is down, and logs it', async () => {
    const service = await BuiltService.start({
      DATABASE_URL: database.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      OTEL_BSP_SCHEDULE_DELAY: '3600000',
    });
    expect((await service.http.put('unsent')).status).toBe(201);
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    const warnings = service.records().filter(({ level }) => level === 'warn');
    expect(warnings).not.toEqual([]);
    for (const { msg } of warnings) expect(msg).toMatch(/^opentelemetry: |the last spans were not sent/);
    expect(service.errors).toBe('');
  });
});
