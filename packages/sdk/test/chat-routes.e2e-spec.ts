import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DefaultChatTransport, type UIMessage } from 'ai';
import { eventually } from '../../../test/support/eventually.js';
import { freePort } from '../../../test/support/free-port.js';
import { TestService } from '../../../test/support/test-service.js';
import { AiProject } from './support/ai-project.js';
import { FAKE_OPENAI } from './support/fake-openai.js';

const README = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');

/** The first program of the README that contains a text. */
function program(text: string): string {
  const programs = README.matchAll(/^```typescript\n([\s\S]*?)^```/gm);
  return [...programs].map(([, code = '']) => code).find((code) => code.includes(text)) ?? '';
}

/** The handler of Next.js as the README mounts it in Hono. */
const [HONO_ROUTE = ''] = /app\.post\('\/api\/chat', \(c\) => .*\)(?=`)/.exec(README) ?? [];
const HONO = `import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { GET } from './history.ts';
import { POST } from './route.ts';

const app = new Hono();
${HONO_ROUTE};
app.get('/api/chat', (c) => GET(c.req.raw));
serve({ fetch: app.fetch, port: 3000 });
`;

const SERVERS = [
  { framework: 'Hono', source: HONO },
  { framework: 'Express', source: program("from 'express'") },
  { framework: 'Fastify', source: program("from 'fastify'") },
];

let service: TestService;
let project: AiProject;
let server: ChildProcess;
beforeAll(async () => {
  service = await TestService.start();
  project = await AiProject.create({
    'route.ts': program('export async function POST'),
    'history.ts': program('export async function GET'),
  });
  for (const name of ['express', 'fastify', 'hono', '@hono/node-server'])
    await project.linkPackage(name, name);
});
afterEach(async () => {
  const ended = once(server, 'exit');
  server.kill();
  await ended;
});
afterAll(async () => {
  await service.stop();
  await project.remove();
});

/** Starts a program on a free port instead of 3000. @returns the address of its chat route */
async function start(source: string): Promise<string> {
  const port = await freePort();
  const file = join(project.folder, 'server.ts');
  await writeFile(file, source.replace('3000', String(port)));
  server = spawn(process.execPath, [file], {
    cwd: project.folder,
    env: { PATH: process.env.PATH, FASTPACA_URL: `${service.url}/v1` },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually('the server listens', () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return `${url}/api/chat`;
}

/** Posts as `useChat` does. @returns the text of the answer */
async function send(api: string, chatId: string, messages: UIMessage[]): Promise<string> {
  const transport = new DefaultChatTransport({ api });
  const request = { chatId, messages, trigger: 'submit-message' as const, messageId: undefined };
  const chunks = await transport.sendMessages({ ...request, abortSignal: undefined });
  let text = '';
  for await (const chunk of chunks) if (chunk.type === 'text-delta') text += chunk.delta;
  return text;
}

const userMessage = (id: string, text: string): UIMessage => ({
  id,
  role: 'user',
  parts: [{ type: 'text', text }],
});

describe.each([
  { version: 5, ai: 'ai-v5' },
  { version: 6, ai: 'ai-v6' },
  { version: 7, ai: 'ai' },
])('the chat routes of the README with AI SDK $version', ({ version, ai }) => {
  beforeAll(async () => {
    await project.linkPackage('ai', ai);
    await project.writePackage('@ai-sdk/openai', FAKE_OPENAI);
  });

  it.each(SERVERS)('answer useChat and store the conversation: $framework', async ({ framework, source }) => {
    const api = await start(source);
    const id = `${framework} ${version}`;
    expect(await send(api, id, [userMessage('u1', 'Hi')])).toBe('1 messages, the last of the user');
    // Of the messages that the browser sends, only the newest counts.
    const sent = [userMessage('u1', 'Changed'), userMessage('u2', 'And now? '.repeat(20_000))];
    expect(await send(api, id, sent)).toBe('3 messages, the last of the user');

    const { body } = await service.http.events(id);
    expect(body.events.map(({ role, parts }: any) => [role, parts.at(-1).text.slice(0, 8)])).toEqual([
      ['user', 'Hi'],
      ['assistant', '1 messag'],
      ['user', 'And now?'],
      ['assistant', '3 messag'],
    ]);
    if (framework !== 'Hono') return;
    const history = (await (await fetch(`${api}?id=${encodeURIComponent(id)}`)).json()) as UIMessage[];
    expect(history.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
  });
});
