import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../support/test-service.js';

const ROOT = join(import.meta.dirname, '../..');
const SPECTRAL_WARNING = 1; // 0: error, 2: information

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fastpaca-lint-'));
  const service = await TestService.start();
  try {
    for (const path of ['docs-json', 'asyncapi.json'])
      await writeFile(join(folder, `${path}.json`), (await service.http.request('GET', `/${path}`)).text);
  } finally {
    await service.stop();
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a linter with the configuration of the repository. Its exit code says what it found. */
function lint(program: string, ...args: string[]): Promise<any> {
  const env = { PATH: process.env.PATH, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  return new Promise((resolve, reject) => {
    const script = join(ROOT, 'node_modules', program);
    execFile(process.execPath, [script, 'lint', ...args], { env, cwd: ROOT }, (_, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        reject(new Error(`${program} printed no result: ${stdout}${stderr}`));
      }
    });
  });
}

/** The errors and warnings of Spectral. */
async function spectral(file: string): Promise<unknown[]> {
  const found = await lint(
    '@stoplight/spectral-cli/dist/index.js',
    '--format',
    'json',
    '--quiet',
    join(folder, file),
  );
  return found.filter(({ severity }: { severity: number }) => severity <= SPECTRAL_WARNING);
}

describe('the documents of the API', () => {
  it('pass the recommended rules of Redocly', async () => {
    const { problems } = await lint(
      '@redocly/cli/bin/cli.js',
      '--format',
      'json',
      join(folder, 'docs-json.json'),
    );
    expect(problems).toEqual([]);
  });

  it('pass spectral:oas', async () => {
    expect(await spectral('docs-json.json')).toEqual([]);
  });

  it('pass spectral:asyncapi', async () => {
    expect(await spectral('asyncapi.json.json')).toEqual([]);
  });
});
