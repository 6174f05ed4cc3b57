import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createServer, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { SETTINGS } from '../../src/config/settings.js';
import { BuiltService } from '../support/built-service.js';
import { TestService } from '../support/test-service.js';

const readme = readFileSync('README.md', 'utf8');

/** The code blocks of one language in a part of the README, in order. */
function blocks(part: string, language: string): string[] {
  return Array.from(
    part.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm')),
    ([, code]) => code ?? '',
  );
}

function section(title: string): string {
  const start = readme.indexOf(`\n## ${title}\n`);
  expect(start).toBeGreaterThan(0);
  const end = readme.indexOf('\n## ', start + 1);
  return readme.slice(start, end === -1 ? undefined : end);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Times are the only thing in an answer that the README cannot know. */
function withoutTimes(text: string): unknown {
  return JSON.parse(text, (key, value) => (key.endsWith('_at') ? 'a time' : value));
}

describe('the README', () => {
  let service: TestService;
  beforeAll(async () => (service = await TestService.start()));
  afterAll(() => service.stop());

  it('has quickstart commands that answer what it shows, one after the other', async () => {
    const quickstart = section('Quickstart');
    const commands = blocks(quickstart, 'bash').filter((block) => block.startsWith('curl'));
    const answers = blocks(quickstart, 'json');
    expect(commands).toHaveLength(5);
    expect(answers).toHaveLength(5);
    for (const [index, command] of commands.entries()) {
      const here = command.replaceAll('http://localhost:4000', service.url);
      const { stdout } = await promisify(execFile)('bash', [
        '-c',
        `set -e; ${here.replace('curl', 'curl -sS --fail-with-body')}`,
      ]);
      expect(withoutTimes(stdout)).toEqual(withoutTimes(answers[index] ?? ''));
    }
  });

  it('has a reader that goes on where it was when the server comes back', async () => {
    const [code = ''] = blocks(section('Follow a conversation'), 'javascript');
    const port = await freePort();
    const start = (): Promise<BuiltService> =>
      BuiltService.start({ DATABASE_URL: service.database.url, PORT: String(port) });
    let server = await start();
    await server.http.put('demo-followed');
    await server.http.say('demo-followed', 'one');

    const here = code.replace('localhost:4000', `127.0.0.1:${port}`).replace('/demo/', '/demo-followed/');
    const reader = spawn(process.execPath, ['--input-type=module', '--eval', here], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    const seen = async (version: number): Promise<void> => {
      while (!printed.includes(`seq: ${version},`)) printed += String((await once(reader.stdout, 'data'))[0]);
    };
    try {
      await seen(1);
      await server.stop();
      server = await start();
      await server.http.say('demo-followed', 'two');
      await seen(2);
    } finally {
      reader.kill();
      await server.stop();
    }
    const events = Array.from(printed.matchAll(/type: 'event',\n {2}version: (\d+)/g), ([, version]) =>
      Number(version),
    );
    expect(events).toEqual([1, 2]);
  });

  it('lists every setting as it is', () => {
    for (const { variable, default: unset, meaning } of Object.values(SETTINGS)) {
      expect(readme).toContain(`| \`${variable}\` | ${unset} | ${meaning} |`);
    }
    const listed = Array.from(section('Configuration').matchAll(/^\| `([A-Z_]+)` \|/gm), ([, name]) => name);
    expect(listed).toEqual(Object.values(SETTINGS).map(({ variable }) => variable));
  });

  it('has an example of a policy that compiles', () => {
    const [example = ''] = blocks(section('How to extend it'), 'typescript');
    const file = resolve('src/readme-example.ts');
    const { options } = ts.parseJsonConfigFileContent(
      ts.readConfigFile('tsconfig.json', ts.sys.readFile.bind(ts.sys)).config,
      ts.sys,
      process.cwd(),
    );
    const host = ts.createCompilerHost({ ...options, noEmit: true });
    const readFile = host.readFile.bind(host);
    const fileExists = host.fileExists.bind(host);
    host.readFile = (name) => (name === file ? example : readFile(name));
    host.fileExists = (name) => name === file || fileExists(name);
    const getSourceFile = host.getSourceFile.bind(host);
    host.getSourceFile = (name, target, ...rest) =>
      name === file ? ts.createSourceFile(name, example, target) : getSourceFile(name, target, ...rest);
    const program = ts.createProgram([file], { ...options, noEmit: true }, host);
    const typeErrors = ts.getPreEmitDiagnostics(program, program.getSourceFile(file));
    expect(typeErrors.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual(
      [],
    );
  });
});
