import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const CONFIG = '.dependency-cruiser.cjs';
const DEPCRUISE = resolve('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

describe('the import rules of npm run lint', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fastpaca-imports-'));
    for (const file of ['src/main.ts', 'packages/index.ts'])
      await write(file, 'export type Name = string;\n');
    for (const file of [CONFIG, 'tsconfig.json']) await copyFile(file, join(folder, file));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** @param files each file with the file that it imports @returns the names of the violated rules */
  async function violatedRules(files: Record<string, string>): Promise<string[]> {
    for (const [file, imported] of Object.entries(files)) {
      await write(file, `import type { Name } from '${imported}';\nexport type Copy = Name;\n`);
      const target = join(dirname(file), imported).replace(/\.js$/, '.ts');
      if (!(target in files)) await write(target, 'export type Name = string;\n');
    }
    const output = await new Promise<string>((settle) => {
      const args = [DEPCRUISE, '--config', CONFIG, '--output-type', 'json', 'src', 'packages'];
      execFile(process.execPath, args, { cwd: folder }, (_error, stdout) => settle(stdout));
    });
    const { summary } = JSON.parse(output) as { summary: { violations: { rule: { name: string } }[] } };
    return [...new Set(summary.violations.map(({ rule }) => rule.name))].sort();
  }

  async function write(file: string, text: string): Promise<void> {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }

  it('accept imports that point down', async () => {
    expect(
      await violatedRules({
        'src/window/window.ts': '../events/event.js',
        'src/events/event.ts': '../conversations/conversation.js',
        'src/conversations/conversation.ts': '../policies/policy.js',
        'src/policies/policy.ts': '../common/json.js',
        'src/main.ts': './cli/serve.js',
        'src/cli/serve.ts': '../window/window.js',
      }),
    ).toEqual([]);
  });

  it.each([
    ['src/conversations/a.ts', '../window/b.js', 'conversations-imports-down'],
    ['src/config/a.ts', '../tokens/b.js', 'config-imports-down'],
    ['src/common/http/a.ts', '../../auth/b.js', 'common-imports-down'],
    ['src/events/a.ts', '../main.js', 'events-imports-down'],
    ['src/service.ts', './cli/b.js', 'cli-is-the-top'],
    ['src/cli/a.ts', '../health/health.sql.js', 'tables-are-private'],
    ['src/window/a.ts', '../events/event-log.sql.js', 'tables-are-private'],
    ['src/stream/a.ts', '../events/entities/event.entity.js', 'tables-are-private'],
    ['packages/sdk/src/a.ts', '../../../src/common/b.js', 'packages-know-nothing-of-the-server'],
    ['packages/local-postgres/src/a.ts', '../../sdk/src/b.js', 'local-postgres-stands-alone'],
    ['packages/messages/src/a.ts', '../../sdk/src/b.js', 'messages-stands-alone'],
  ])('reject an import in %s of %s', async (file, imported, rule) => {
    expect(await violatedRules({ [file]: imported })).toEqual([rule]);
  });

  it('reject a circular import of types', async () => {
    const files = { 'src/stream/a.ts': './b.js', 'src/stream/b.ts': './a.js' };
    expect(await violatedRules(files)).toEqual(['no-circular']);
  });
});
