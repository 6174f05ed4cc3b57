import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compileStrictly } from '../support/strict-compiler.js';
import { TestService } from '../support/test-service.js';

const MODULES = join(import.meta.dirname, '../../node_modules');
/** openapi-zod-client has a copy of zod 3 of its own; its generated code needs the same. */
const ZOD_CLIENT_MODULES = join(MODULES, 'openapi-zod-client/node_modules');

/** Writes `generated` (a file or a folder) with a code generator. `document` is the path of the OpenAPI document. */
interface Generator {
  generate(document: string, folder: string): Promise<unknown>;
  /** The quickstart, written with the generated code. It prints the same as those of the other generators. */
  quickstart: string;
}

let service: TestService;
let folder: string;
beforeAll(async () => {
  service = await TestService.start();
  folder = await mkdtemp(join(tmpdir(), 'fastpaca-clients-'));
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, args, { cwd: folder, env: { PATH: process.env.PATH } });

const GENERATORS: Record<string, Generator> = {
  '@hey-api/openapi-ts': {
    generate: (document, target) =>
      run(join(MODULES, '@hey-api/openapi-ts/bin/run.js'), '-i', document, '-o', join(target, 'generated')),
    quickstart: `
      import { appendEvents, compact, putConversation, readWindow } from './generated';
      import { client } from './generated/client.gen';

      declare const process: { argv: string[] };
      async function main() {
        client.setConfig({ baseUrl: process.argv[2] ?? '' });
        const path = { id: process.argv[3] ?? '' };
        const options = { path, throwOnError: true } as const;
        const put = await putConversation({ ...options, body: { token_budget: 1_000_000 } });
        const append = await appendEvents({
          ...options,
          body: {
            event: { role: 'user', parts: [{ type: 'text', text: 'How do I deploy this?' }] },
            idempotency_key: 'msg-001',
          },
        });
        const window = await readWindow(options);
        const compacted = await compact({
          ...options,
          body: { from_seq: 1, to_seq: 1, replacement: [{ role: 'system', content: 'A summary.' }] },
        });
        const after = await readWindow(options);
        const { error } = await appendEvents({
          path,
          body: { event: { role: 'user', content: 'late' }, if_version: 1 },
        });
        const versions: number[] = [put.data.version, append.data.version, compacted.data.version];
        const texts = [window, after].map(({ data }) => data.messages?.[0]?.parts[0]?.text);
        console.log(JSON.stringify({ versions, texts, conflict: [error?.error, error?.reason, error?.actual] }));
      }
      void main();`,
  },
  orval: {
    async generate(document, target) {
      const config = {
        input: { target: document },
        output: { target: join(target, 'generated.ts'), client: 'fetch', baseUrl: service.url },
      };
      const file = join(target, 'orval.config.mjs');
      await writeFile(file, `export default ${JSON.stringify({ fastpaca: config })}`);
      await run(join(MODULES, 'orval/dist/bin/orval.mjs'), '--config', file);
    },
    quickstart: `
      import { appendEvents, compact, putConversation, readWindow, type Message } from './generated';

      declare const process: { argv: string[] };
      async function main() {
        const id = process.argv[3] ?? '';
        const put = await putConversation(id, { token_budget: 1_000_000 });
        const append = await appendEvents(id, {
          event: { role: 'user', parts: [{ type: 'text', text: 'How do I deploy this?' }] },
          idempotency_key: 'msg-001',
        });
        const window = await readWindow(id);
        const compacted = await compact(id, {
          from_seq: 1,
          to_seq: 1,
          replacement: [{ role: 'system', content: 'A summary.' }],
        });
        const after = await readWindow(id);
        const stale = await appendEvents(id, { event: { role: 'user', content: 'late' }, if_version: 1 });
        if (put.status !== 201 || append.status !== 201 || compacted.status !== 200) throw new Error('failed');
        if (window.status !== 200 || after.status !== 200 || stale.status !== 409) throw new Error('failed');
        const versions: number[] = [put.data.version, append.data.version, compacted.data.version];
        const firsts: (Message | undefined)[] = [window.data.messages?.[0], after.data.messages?.[0]];
        const { error, reason, actual } = stale.data;
        console.log(
          JSON.stringify({
            versions,
            texts: firsts.map((message) => message?.parts[0]?.text),
            conflict: [error, reason, actual],
          }),
        );
      }
      void main();`,
  },
  'openapi-zod-client': {
    async generate(document, target) {
      await run(join(MODULES, 'openapi-zod-client/bin.js'), document, '-o', join(target, 'generated.ts'));
      await mkdir(join(target, 'node_modules'));
      for (const name of ['zod', '@zodios'])
        await symlink(join(ZOD_CLIENT_MODULES, name), join(target, 'node_modules', name));
    },
    quickstart: `
      import { isErrorFromAlias } from '@zodios/core';
      import { createApiClient } from './generated';

      declare const process: { argv: string[] };
      async function main() {
        const api = createApiClient(process.argv[2] ?? '');
        const options = { params: { id: process.argv[3] ?? '' } };
        const put = await api.putConversation({ token_budget: 1_000_000 }, options);
        const append = await api.appendEvents(
          {
            event: { role: 'user', parts: [{ type: 'text', text: 'How do I deploy this?' }] },
            idempotency_key: 'msg-001',
          },
          options,
        );
        const window = await api.readWindow(options);
        const compacted = await api.compact(
          { from_seq: 1, to_seq: 1, replacement: [{ role: 'system', content: 'A summary.' }] },
          options,
        );
        const after = await api.readWindow(options);
        const conflict = await api
          .appendEvents({ event: { role: 'user', content: 'late' }, if_version: 1 }, options)
          .then(
            () => [],
            (failure: unknown) => {
              if (!isErrorFromAlias(api.api, 'appendEvents', failure)) throw failure;
              const { error, reason, actual } = failure.response.data;
              return [error, reason, actual];
            },
          );
        const versions: number[] = [put.version, append.version, compacted.version];
        const texts = [window, after].map(({ messages }) => messages?.[0]?.parts[0]?.text);
        console.log(JSON.stringify({ versions, texts, conflict }));
      }
      void main();`,
  },
};

describe.each(Object.entries(GENERATORS))('a client generated by %s', (name, generator) => {
  it('compiles in strict mode and runs the quickstart', async () => {
    const { quickstart } = generator;
    const target = join(folder, name.replace('/', '-'));
    const program = join(target, 'quickstart.ts');
    await mkdir(target);
    await symlink(MODULES, join(folder, 'node_modules')).catch(() => undefined); // by the first generator
    const document = join(target, 'openapi.json');
    await writeFile(document, (await service.http.request('GET', '/docs-json')).text);
    await writeFile(join(target, 'package.json'), '{"type":"commonjs"}');
    await writeFile(program, quickstart);
    await generator.generate(document, target);

    const mistyped = join(target, 'mistyped.ts');
    await writeFile(mistyped, quickstart.replace("role: 'user', content", "role: 'robot', content"));
    const [errors, expectedErrors] = compileStrictly([program, mistyped], 'CommonJS');
    expect(errors).toEqual([]);
    expect(expectedErrors).not.toEqual([]);

    const { stdout } = await run(join(target, 'quickstart.js'), service.url, name);
    expect(JSON.parse(stdout)).toEqual({
      versions: [0, 1, 2],
      texts: ['How do I deploy this?', 'A summary.'],
      conflict: ['conflict', 'version_mismatch', 2],
    });
  });
});
