import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isSupported } from '../../src/check-node-version.js';

interface Result {
  code: number | string | null | undefined;
  stdout: string;
  stderr: string;
}

function run(node: string, ...args: string[]): Promise<Result> {
  // With an invalid port, a program that passes the version check fails with another message.
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

/** The unsupported `node` programs in PATH; usually empty. */
const unsupported = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .filter((node) => existsSync(node))
  .map((node) => ({ node, version: execFileSync(node, ['-p', 'process.versions.node'], { env: {} }) }))
  .map(({ node, version }) => ({ node, version: version.toString().trim() }))
  .filter(({ version }) => !isSupported(version));

describe.each(['dist/src/main.js', 'dist/src/cli/fastpaca.js'])('%s', (program) => {
  it.each(['20.20.2', '22.20.0', '25.9.0'])('exits with 1 and one line on Node.js %s', async (version) => {
    // A preloaded module makes this Node.js report the other version.
    const preload = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
    const args = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, program];
    expect(await run(process.execPath, ...args)).toEqual(expected(version));
  });

  it('exits with 1 and the same line on every unsupported Node.js in PATH', async () => {
    for (const { node, version } of unsupported) {
      expect(await run(node, program)).toEqual(expected(version));
    }
  });
});
