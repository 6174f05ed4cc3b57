import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FORMATS, REPAIR_CODES } from '@fastpaca/messages';
import { createMixedConversation } from '../../../test/support/mixed-conversation.js';
import { TestService } from '../../../test/support/test-service.js';
import { AiProject } from './support/ai-project.js';
import { ANSWER_TEXT } from './support/provider-apis.js';
import { ProviderStub } from './support/provider-stub.js';

const PAGE = await readFile(join(import.meta.dirname, '../../../docs/formats.md'), 'utf8');

/** The sections of the page, each with a prompt that the provider rejects, and a part of the error that its client throws. */
const PROVIDERS = [
  {
    title: 'OpenAI Chat Completions',
    format: 'openai-chat',
    broken: {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'tool', tool_call_id: 'b', content: 'c' },
      ],
    },
    error: "BadRequestError: 400 messages[1]: messages with role 'tool' must be a response",
  },
  {
    title: 'OpenAI Responses',
    format: 'openai-responses',
    broken: { input: [{ type: 'function_call_output', call_id: 'a', output: 'b' }] },
    error: 'BadRequestError: 400 input[0]: No tool call found for function call output',
  },
  {
    title: 'Anthropic',
    format: 'anthropic',
    broken: { messages: [{ role: 'assistant', content: 'a' }] },
    error: 'BadRequestError: 400 {"type":"error","error":{"type":"invalid_request_error"',
  },
  {
    title: 'Gemini',
    format: 'gemini',
    broken: { contents: [{ role: 'model', parts: [{ text: 'a' }] }] },
    error: '"status":"INVALID_ARGUMENT"',
  },
];
const AI_SDK = 'AI SDK 5, 6 and 7';
const AI_SDK_VERSIONS = [
  { version: 5, ai: 'ai-v5', openai: 'ai-sdk-openai-v5' },
  { version: 6, ai: 'ai-v6', openai: 'ai-sdk-openai-v6' },
  { version: 7, ai: 'ai', openai: '@ai-sdk/openai' },
];

/** The programs of a section: the first reads the window over HTTP, the second with the client. */
function programsOf(title: string): string[] {
  const [, fromTitle = ''] = PAGE.split(`\n## ${title}\n`);
  const [section = ''] = fromTitle.split('\n## ');
  return Array.from(section.matchAll(/^```typescript\n([\s\S]*?)^```/gm), ([, code = '']) => code);
}

let service: TestService;
let providers: ProviderStub;
let project: AiProject;
beforeAll(async () => {
  service = await TestService.start();
  await createMixedConversation(service.http, 'demo');
  providers = await ProviderStub.start();
  const printed = [...PROVIDERS.map(({ title }) => title), AI_SDK].flatMap((title) =>
    programsOf(title).map((code, index): [string, string] => [
      `app/${title}/${index}.ts`,
      code.replace('http://localhost:4000', service.url),
    ]),
  );
  const broken = PROVIDERS.map(({ title, broken: prompt }): [string, string] => {
    const window = `data:application/json,${encodeURIComponent(JSON.stringify({ prompt }))}`;
    return [`app/${title}/broken.ts`, programsOf(title)[0]!.replace(/http:[^']+/, window)];
  });
  project = await AiProject.create(Object.fromEntries([...printed, ...broken]));
  for (const name of ['openai', '@anthropic-ai/sdk', '@google/genai']) await project.linkPackage(name, name);
});
afterAll(async () => {
  await Promise.all([service.stop(), providers.stop(), project.remove()]);
});

/** Runs a program. @returns what it prints, and the formats of the requests that the providers received */
async function run(path: string): Promise<{ printed: string; received: string[] }> {
  providers.requests.length = 0;
  const env = { ...providers.env, FASTPACA_URL: `${service.url}/v1` };
  const printed = await project.run([`app/${path}.ts`], env);
  return { printed, received: providers.requests.map(({ format }) => format) };
}

describe('docs/formats.md', () => {
  it('explains every format and every code of a repair', async () => {
    const { body } = await service.http.window('demo', '?format=anthropic');
    const example = /^\{ "code".*\}$/m.exec(PAGE)![0];
    expect(body.repairs).toContainEqual(JSON.parse(example));
    const listed = (prefix: RegExp) => Array.from(PAGE.matchAll(prefix), ([, name]) => name);
    expect(listed(/^\| `([a-z-]+)` \| `\{/gm)).toEqual(FORMATS);
    expect(listed(/^\| `([a-z_]+)` \| [a-zU]/gm)).toEqual(REPAIR_CODES);
  });
});

const PROGRAMS = [
  { window: 'over HTTP', file: 0 },
  { window: 'with the client', file: 1 },
];

describe.each(PROVIDERS)('docs/formats.md for $title', ({ title, format, error }) => {
  it.each(PROGRAMS)('shows how to call the provider with a window read $window', async ({ file }) => {
    expect(await run(`${title}/${file}`)).toEqual({ printed: `${ANSWER_TEXT}\n`, received: [format] });
  });

  it('is tested against a stub that rejects a broken prompt as the provider does', async () => {
    await expect(run(`${title}/broken`)).rejects.toMatchObject({ stderr: expect.stringContaining(error) });
  });
});

describe.each(AI_SDK_VERSIONS)('docs/formats.md for AI SDK $version', ({ ai, openai }) => {
  beforeAll(async () => {
    await project.linkPackage('ai', ai);
    await project.linkPackage('@ai-sdk/openai', openai);
  });

  it.each(PROGRAMS)('shows how to call OpenAI with a window read $window', async ({ file }) => {
    const result = await run(`${AI_SDK}/${file}`);
    expect(result).toEqual({ printed: `${ANSWER_TEXT}\n`, received: ['openai-responses'] });
  });

  it('shows programs that all compile under --strict', async () => {
    expect(await project.compile()).toBe('');
  });
});
