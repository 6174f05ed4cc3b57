import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Schema } from '../support/schema-check.js';
import { TestService } from '../support/test-service.js';

/** The operations of a conversation in an order in which each succeeds. */
const CONVERSATION_OPERATIONS = [
  'PUT /v1/conversations/{id}',
  'PATCH /v1/conversations/{id}/metadata',
  'POST /v1/conversations/{id}/events',
  'GET /v1/conversations/{id}/events',
  'GET /v1/conversations/{id}/window',
  'POST /v1/conversations/{id}/window/preview',
  'POST /v1/conversations/{id}/compact',
  'POST /v1/conversations/{id}/withdraw',
  'GET /v1/conversations/{id}/compactions',
  'POST /v1/conversations/{id}/compactions/{version}/undo',
  'GET /v1/conversations/{id}',
  'GET /v1/conversations/{id}/stream',
  'DELETE /v1/conversations/{id}',
];

/** Optional parameters without an example, because Swagger UI would fill it in: no fixed value is right in every request. */
const WITHOUT_EXAMPLE = [
  'Idempotency-Key', // of another request, it is a conflict
  'Last-Event-ID', // takes the place of `cursor`
  'at_version', // the window would be that of the past
  'cursor', // of the log: cannot be combined with a range
  'if-none-match', // the response would be 304
  'if_version', // the version changes
  'version', // of a compaction that the conversation has
  'wait_ms', // needs a cursor
  'withdrawn', // hides events
  'x-request-id', // names one request
];

let service: TestService;
let document: Schema;
beforeAll(async () => {
  service = await TestService.start();
  document = (await service.http.request('GET', '/docs-json')).body as Schema;
});
afterAll(() => service.stop());

interface Example {
  operation: string;
  path: string;
  body?: string;
}

/** A request for each example body of an operation, or one request without a body; each has all example parameters. */
function examplesOf(operation: string): Example[] {
  const [method = '', path = ''] = operation.split(' ');
  const { parameters = [], requestBody } = document.paths[path][method.toLowerCase()] as Schema;
  const query = new URLSearchParams();
  let filled = path;
  for (const parameter of parameters as Schema[]) {
    const value: string | number | boolean | Record<string, string> | undefined =
      parameter.example ?? parameter.schema?.example ?? parameter.schema?.default;
    if (value === undefined) continue;
    if (typeof value === 'object') {
      for (const [name, each] of Object.entries(value)) query.set(name, each);
      continue;
    }
    if (parameter.in === 'query') query.set(parameter.name as string, String(value));
    if (parameter.in === 'path')
      filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(String(value)));
  }
  const url = query.size ? `${filled}?${query.toString()}` : filled;
  if (!requestBody) return [{ operation, path: url }];
  const bodies = Object.values<Schema>(requestBody.content['application/json'].examples as Schema);
  return bodies.map(({ value }) => ({ operation, path: url, body: JSON.stringify(value) }));
}

async function statusOf({ operation, path, body }: Example): Promise<number> {
  const controller = new AbortController();
  if (path.includes('{version}')) {
    const { body: page } = await service.http.request('GET', path.replace(/\/\{version.*/, ''));
    return statusOf({ operation, path: path.replace('{version}', page.compactions[0].version), body });
  }
  const isStream = path.includes('/stream');
  const response = await fetch(service.url + path, {
    method: operation.split(' ')[0],
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(isStream && { accept: 'text/event-stream' }),
    },
    body,
    signal: controller.signal,
  });
  controller.abort();
  return response.status;
}

describe('the examples of the OpenAPI document', () => {
  it('succeed as they stand, in every operation', async () => {
    const operations = Object.entries<Schema>(document.paths as Schema).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const others = operations.filter((operation) => !operation.includes('{id}'));
    const ordered = [...CONVERSATION_OPERATIONS, ...others];
    expect(ordered.toSorted()).toEqual(operations.sort());
    const examples = ordered.flatMap(examplesOf);
    expect(examples.length).toBeGreaterThan(ordered.length);
    for (const example of examples) {
      const status = await statusOf(example);
      expect({ ...example, isSuccess: status >= 200 && status < 300, status }).toEqual({
        ...example,
        isSuccess: true,
        status,
      });
    }
  });

  it('exist for every body and every parameter, except where no value is always right', () => {
    const operations = Object.values<Schema>(document.paths as Schema).flatMap((item) =>
      Object.values<Schema>(item),
    );
    const missing = operations.flatMap(({ parameters = [] }) =>
      (parameters as Schema[])
        .filter(({ example, schema }) => (example ?? schema?.example ?? schema?.default) === undefined)
        .map(({ name }) => name as string),
    );
    expect([...new Set(missing)].sort()).toEqual(WITHOUT_EXAMPLE);
    for (const { requestBody } of operations.filter((operation) => operation.requestBody)) {
      expect(Object.keys(requestBody.content['application/json'].examples as Schema)).not.toEqual([]);
    }
  });
});
