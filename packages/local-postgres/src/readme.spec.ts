import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const README = fileURLToPath(new URL('../README.md', import.meta.url));
const NODE_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

describe('the example in the README', () => {
  it('starts a server, prints its URL and stops the server', async () => {
    const [, example = ''] = /```typescript\n([^]*?)```/.exec(await readFile(README, 'utf8')) ?? [];
    const folder = await mkdtemp(join(tmpdir(), 'local-postgres-readme-'));
    try {
      await chmod(folder, 0o755); // if root starts the server, it runs as another user, which needs access to this folder
      await symlink(NODE_MODULES, join(folder, 'node_modules'));
      await writeFile(join(folder, 'example.mjs'), example);
      const { stdout } = await promisify(execFile)(process.execPath, ['example.mjs'], { cwd: folder });
      expect(stdout).toMatch(
        /^postgresql:\/\/acme:[^@]+@127\.0\.0\.1:\d+\/acme\?sslmode=disable&host=\S+\n$/,
      );
      expect(await readdir(join(folder, 'data'))).toContain('postgres');
      expect(await readdir(join(folder, 'data'))).not.toContain('acme.pid');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
