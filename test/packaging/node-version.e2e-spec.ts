import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isSupported } from '../../src/check-node-version.js';

interface End {
  code: number | string | null | undefined;
  stdout: string;
  stderr: string;
}

function run(node: string, ...args: string[]): Promise<End> {
  // With a port that nobody may use: a start that gets beyond the check fails too, but says something else.
  const env = { PATH: process.env.PATH, PORT: 'none' };
  return new Promise((resolve) =>
    execFile(node, args, { env }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    ),
  );
}

const expected = (version: string) => ({
  code: 1,
  stdout: '',
  stderr: expect.stringMatching(
    new RegExp(`^Fastpaca needs Node\\.js 22, 24 or 26 \\([^)]*\\); this is ${version} .*\\n$`),
  ),
});

/** The `node`s of this machine that the service does not run on; often there is none. */
const unsupported = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .filter((node) => existsSync(node))
  .map((node) => ({ node, version: execFileSync(node, ['-p', 'process.versions.node'], { env: {} }) }))
  .map(({ node, version }) => ({ node, version: version.toString().trim() }))
  .filter(({ version }) => !isSupported(version));

describe.each(['dist/src/main.js', 'dist/src/migrate.js'])('%s', (program) => {
  it.each(['20.20.2', '22.20.0', '25.9.0'])('ends with one line when Node.js is %s', async (version) => {
    // A preload gives this Node.js the other's version.
    const preload = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
    const args = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, program];
    expect(await run(process.execPath, ...args)).toEqual(expected(version));
  });

  it('ends with the same line on every other Node.js of this machine', async () => {
    for (const { node, version } of unsupported) {
      expect(await run(node, program)).toEqual(expected(version));
    }
  });
});
