import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FORMATS } from '@fastpaca/messages';
import { validatePrompt } from '@fastpaca/messages/validate';
import { SETTINGS } from '../../src/config/settings.js';
import { BuiltService } from '../support/built-service.js';
import { createMixedConversation } from '../support/mixed-conversation.js';
import { codeBlocks, commandFor, runCommand, withoutTimes } from '../support/page-examples.js';
import { TestService } from '../support/test-service.js';

const readme = readFileSync('README.md', 'utf8');
const streaming = readFileSync('docs/streaming.md', 'utf8');
const extending = readFileSync('docs/extending.md', 'utf8');

function section(title: string, page = readme): string {
  const start = page.indexOf(`\n## ${title}\n`);
  expect(start).toBeGreaterThan(0);
  const end = page.indexOf('\n## ', start + 1);
  return page.slice(start, end === -1 ? undefined : end);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

describe('README.md', () => {
  it('shows the responses that its quickstart commands receive in sequence', async () => {
    const quickstart = section('Quickstart');
    const commands = codeBlocks(quickstart, 'bash').filter((block) => block.startsWith('curl'));
    const responses = codeBlocks(quickstart, 'json');
    expect(commands).toHaveLength(6);
    expect(responses).toHaveLength(6);
    for (const [index, command] of commands.entries()) {
      expect(withoutTimes(await runCommand(command, service))).toEqual(withoutTimes(responses[index] ?? ''));
    }
  });

  it('promises windows that are valid for the provider, and only in formats whose windows are valid', async () => {
    const [, promise = ''] =
      /With (`format=[\s\S]*?valid for the provider)/.exec(section('Quickstart')) ?? [];
    const promised = Array.from(promise.matchAll(/`(?:format=)?([a-z]+-?[a-z]+)`/g), ([, name = '']) => name);
    expect(promised.filter((name) => name !== 'prompt' && name !== 'messages')).toEqual(FORMATS);
    expect(section('What you can rely on')).toContain('is valid for the provider, whatever was stored');

    await createMixedConversation(service.http, 'mixed');
    const { body: stored } = await service.http.window('mixed');
    expect(validatePrompt('openai-chat', stored)).not.toEqual([]);
    for (const format of FORMATS) {
      for (const strategy of ['budget', 'last_n', 'skip_parts', 'strip_tool_results']) {
        await service.http.put('mixed', { token_budget: 1_000_000, policy: { strategy } });
        for (const budget of [1_000_000, 200, 120, 60]) {
          const { body } = await service.http.window('mixed', `?format=${format}&budget_tokens=${budget}`);
          const violations = validatePrompt(format, body.prompt);
          expect({ format, strategy, budget, violations }).toMatchObject({ violations: [] });
        }
      }
    }
  });

  it('lists every setting with its default and meaning', () => {
    for (const { variable, default: unset, meaning } of Object.values(SETTINGS)) {
      expect(readme).toContain(`| \`${variable}\` | ${unset} | ${meaning} |`);
    }
    const listed = Array.from(section('Configuration').matchAll(/^\| `([A-Z_]+)` \|/gm), ([, name]) => name);
    expect(listed).toEqual(Object.values(SETTINGS).map(({ variable }) => variable));
  });
});

describe('docs/streaming.md', () => {
  it('contains a reader that continues after a restart of the server', async () => {
    const [code = ''] = codeBlocks(section('Reconnect without losing a change', streaming), 'javascript');
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

  it('contains a command that follows a conversation and a command that polls for the next change', async () => {
    const commands = codeBlocks(section('Three ways to read', streaming), 'bash').filter((block) =>
      block.startsWith('curl'),
    );
    expect(commands).toHaveLength(2);
    const [follow, poll] = commands.map((command) => command.replace('/demo/', '/demo-commands/'));
    expect(section('Follow a conversation')).toContain(commands[0]);
    await service.http.put('demo-commands');
    await service.http.say('demo-commands', 'one');
    expect(JSON.parse(await runCommand(poll!, service))).toMatchObject({
      events: [{ seq: 1 }],
      next_cursor: 1,
    });

    const reader = spawn('bash', ['-c', commandFor(follow!, service).replace('curl', 'exec curl')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let printed = '';
      while (!printed.includes('"type":"event"')) printed += String((await once(reader.stdout, 'data'))[0]);
      expect(printed).toContain('id: 1\ndata: {"type":"event","version":1,"seq":1,');
    } finally {
      reader.kill();
    }
  });
});

describe('docs/extending.md', () => {
  it('shows only code of examples/extend, which packed-package.e2e-spec.ts builds and runs', () => {
    const shown = Array.from(
      extending.matchAll(/\]\(\.\.\/(examples\/extend\/[\w./-]+)\):\n\n```typescript\n([\s\S]*?)^```/gm),
      ([, file = '', code = '']) => ({ file, code }),
    );
    expect(shown).toHaveLength(codeBlocks(extending, 'typescript').length);
    expect(shown.length).toBeGreaterThan(15);
    const differing = shown.filter(({ file, code }) => !readFileSync(file, 'utf8').includes(code));
    expect(differing).toEqual([]);
  });

  it('mentions every name that the package exports at run time', () => {
    const names = ['index', 'policies', 'testing'].flatMap((entryPoint) => exportedValues(entryPoint));
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !extending.includes(name))).toEqual([]);
  });
});

/** The names that a file in src/exports exports, without types. */
function exportedValues(entryPoint: string): string[] {
  const source = readFileSync(`src/exports/${entryPoint}.ts`, 'utf8');
  return Array.from(source.matchAll(/^export \{([^}]*)\}/gm), ([, list = '']) => list.split(','))
    .flat()
    .map((name) => name.trim())
    .filter((name) => name && !name.startsWith('type '));
}

describe('links between pages', () => {
  it('point to an existing file, and to an existing heading in it', () => {
    const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...markdownIn('docs')];
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter((link) => !isValidLink(page, link))
        .map((link) => `${page}: ${link}`),
    );
    expect(pages.length).toBeGreaterThan(20);
    expect(broken).toEqual([]);
  });
});

function markdownIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
}

/** The links of a page to files of this repository. */
function linksOf(page: string): string[] {
  const links = readFileSync(page, 'utf8').matchAll(/\]\((?!\w+:)([^)\s]+)\)/g);
  return Array.from(links, ([, link]) => link ?? '');
}

function isValidLink(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path ? join(dirname(page), path) : page;
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

/** The anchors that GitHub generates from the headings of a page. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm);
  return Array.from(headings, ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
