import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { createClient } from '../src/index.js';
import { readSse, textOf } from './support/ai-sse.js';
import { AiProject } from './support/ai-project.js';
import { allOf } from './support/all-of.js';
import { FAKE_OPENAI } from './support/fake-openai.js';

/** The chat route, exactly as in the quick start. */
const ROUTE = `import { fastpaca } from 'fastpaca';
import { streamText } from 'ai';
import { openai } from '@ai-sdk/openai';

export async function POST(req: Request) {
  const { conversationId, message } = await req.json();

  const ctx = await fastpaca.context(conversationId).budget(1_000_000);

  await ctx.append({ role: 'user', content: message });

  return ctx.stream((messages) =>
    streamText({ model: openai('gpt-4o-mini'), messages })
  ).toResponse();
}
`;

/** Further code that must compile. */
const MORE = `import { createClient, type ContextStream, type StreamOptions } from 'fastpaca';
import { generateText, streamText, type ModelMessage, type UIMessage } from 'ai';
import { openai } from '@ai-sdk/openai';

const model = openai('gpt-4o-mini');
const ctx = createClient().context('chat');
const options: StreamOptions = { onAbort: 'save', systemMessages: 'hoist', onAppendError: console.error };

export const annotated = ctx.stream((messages: ModelMessage[]) => streamText({ model, messages }));
export const later = ctx.stream(async (messages, { system, uiMessages, signal }) => {
  const shown: UIMessage[] = uiMessages;
  return streamText({ model, messages, system: shown.length > 1 ? system : undefined, abortSignal: signal });
}, options);
export const text: ContextStream = ctx.stream(async function* () { yield 'Hi'; });

export async function read(): Promise<string> {
  const answer = await ctx.stream((messages) => streamText({ model, messages }), { autoAppend: false });
  let read = '';
  for await (const delta of answer.textStream) read += delta;
  const { messages } = await ctx.window();
  const head = await generateText({ model, messages: [{ role: 'user', content: 'Summarise' }, ...messages] });
  return read + head.text + String((await answer.appended)?.seq) + answer.toResponse().status;
}
`;

const RUN = `import { POST } from './out/app/api/chat/route.js';

const [conversationId, message] = process.argv.slice(2);
const body = JSON.stringify({ conversationId, message });
const response = await POST(new Request('http://localhost/api/chat', { method: 'POST', body }));
process.stdout.write(await response.text());
`;

/** The same in CommonJS, where the SDK must load the same copy of the AI SDK as the route. */
const REQUIRE = `const { fastpaca } = require('fastpaca');
(async () => {
  const { streamText } = await import('ai');
  const { openai } = await import('@ai-sdk/openai');
  const ctx = await fastpaca.context(process.argv[2]);
  const response = await ctx.stream((messages) => streamText({ model: openai(), messages })).toResponse();
  process.stdout.write(await response.text());
})();
`;

let service: TestService;
let project: AiProject;
beforeAll(async () => {
  service = await TestService.start();
  project = await AiProject.create({
    'app/api/chat/route.ts': ROUTE,
    'app/more.ts': MORE,
    'run.mjs': RUN,
    'run.cjs': REQUIRE,
  });
});
afterAll(async () => {
  await service.stop();
  await project.remove();
});

describe.each([
  ['AI SDK 5', 'ai-v5'],
  ['AI SDK 6', 'ai-v6'],
  ['AI SDK 7', 'ai'],
])('the chat route of the quick start on %s', (name, installed) => {
  beforeAll(async () => {
    await project.linkPackage('ai', installed);
    await project.writePackage('@ai-sdk/openai', FAKE_OPENAI);
  });

  it('compiles under --strict', async () => {
    expect(await project.compile()).toBe('');
  });

  it('streams and stores answers, before and after a compaction', async () => {
    const ctx = await createClient({ baseUrl: service.url }).context(`quickstart ${name}`).budget(1_000_000);
    const post = async (message: string) =>
      readSse(
        new Response(await project.run(['run.mjs', ctx.id, message], { FASTPACA_URL: `${service.url}/v1` })),
      );

    const first = await post('How do I deploy this?');
    expect(first.isDone).toBe(true);
    expect(textOf(first.chunks)).toBe('1 messages, the last of the user');

    await ctx.compact({
      fromSeq: 1,
      toSeq: 2,
      replacement: [{ role: 'system', content: 'They asked how to deploy.' }],
    });
    const second = await post('And then?');
    expect(textOf(second.chunks)).toBe('2 messages, the last of the user');

    const required = await project.run(['run.cjs', ctx.id], { FASTPACA_URL: `${service.url}/v1` });
    expect(textOf((await readSse(new Response(required))).chunks)).toBe('4 messages, the last of the user');

    expect((await allOf(ctx.replay())).map(({ role, parts }) => [role, parts.at(-1)!.text])).toEqual([
      ['user', 'How do I deploy this?'],
      ['assistant', '1 messages, the last of the user'],
      ['user', 'And then?'],
      ['assistant', '2 messages, the last of the user'],
      ['assistant', '4 messages, the last of the user'],
    ]);
  });
});

describe('the chat route of the quick start with the real provider', () => {
  it('compiles on AI SDK 7', async () => {
    await project.linkPackage('ai', 'ai');
    await project.linkPackage('@ai-sdk/openai', '@ai-sdk/openai');
    expect(await project.compile()).toBe('');
  });
});
