import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import openapiTS, { astToString } from 'openapi-typescript';
import { compileStrictly } from '../support/strict-compiler.js';
import { TestService } from '../support/test-service.js';

/** Mistakes in the quickstart: the name, the correct text, and the wrong text that replaces it. */
const MISTAKES = [
  ['a number as a string', 'token_budget: 1_000_000', "token_budget: '1000000'"],
  ['an unknown role', "role: 'user'", "role: 'robot'"],
  ['a part without a type', "{ type: 'text', text: 'How do", "{ text: 'How do"],
  ['an unknown query parameter', 'budget_tokens: 1_000_000', 'budget_token: 1_000_000'],
  ['a missing field', 'from_seq: 1, ', ''],
  ['an unknown response field', 'window.data.used_tokens', 'window.data.total_tokens'],
] as const;

describe('a client generated from the OpenAPI document', () => {
  let service: TestService;
  let folder: string;
  /** Compiler errors of each program. The first program is the quickstart, the others have one mistake each. */
  let compilerErrors: string[][];
  beforeAll(async () => {
    service = await TestService.start();
    const document = (await service.http.request('GET', '/docs-json')).body;
    folder = await mkdtemp(join(tmpdir(), 'fastpaca-client-'));
    const types = astToString(await openapiTS(document as Parameters<typeof openapiTS>[0], { silent: true }));
    await writeFile(join(folder, 'api.ts'), types);
    await symlink(join(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const sources = MISTAKES.map(([, right, wrong]) => QUICKSTART.replace(right, wrong));
    const files = [QUICKSTART, ...sources].map((__, index) => join(folder, `program${index}.ts`));
    await Promise.all(files.map((file, index) => writeFile(file, [QUICKSTART, ...sources][index]!)));
    compilerErrors = compileStrictly(files);
  });
  afterAll(async () => {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('runs the quickstart', async () => {
    expect(compilerErrors[0]).toEqual([]);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(folder, 'program0.js'), service.url],
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
      conflict: { error: 'conflict', reason: 'version_mismatch', expected: 1, actual: 2 },
      unknown: ['limt'],
    });
    const { body } = await service.http.get('demo');
    expect([body.version, body.last_seq]).toEqual([2, 1]);
  });

  it.each(MISTAKES.map(([name], index) => [name, index] as const))('does not compile with %s', (_, index) => {
    const [, right] = MISTAKES[index]!;
    expect(QUICKSTART).toContain(right);
    expect(compilerErrors[index + 1]).not.toEqual([]);
  });
});

/** The quickstart, written with the generated types. */
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
const [message] = window.data.messages ?? [];

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
    summary: after.data?.messages?.[0]?.parts[0]?.text,
    conflict: stale.error && {
      error: stale.error.error,
      reason: stale.error.reason,
      expected: stale.error.expected,
      actual: stale.error.actual,
    },
    unknown: mistyped.error?.details?.map(({ path }) => path),
  }),
);
`;
