import type Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { createClient, type Context } from '../src/index.js';
import { HttpProxy } from './support/http-proxy.js';

let service: TestService;
let proxy: HttpProxy;
let ctx: Context;
let conversations = 0;
beforeAll(async () => {
  service = await TestService.start();
});
afterAll(() => service.stop());
beforeEach(async () => {
  proxy = await HttpProxy.start(service.url);
  ctx = await createClient({ baseUrl: proxy.url })
    .context(`window-${(conversations += 1)}`)
    .budget(1000);
});
afterEach(() => proxy.stop());

const userMessage = (content: string) => ({ role: 'user' as const, content });

describe('ctx.window', () => {
  it('returns camelCase fields, with metadata and parts unchanged', async () => {
    const parts = [{ type: 'text', text: 'hello', snake_case: { camelCase: 1 } }];
    await ctx.append({ role: 'user', id: 'm-1', parts, metadata: { user_name: 'a', userName: 'b' } });
    expect(await ctx.window()).toEqual({
      messages: [
        {
          seq: 1,
          role: 'user',
          parts,
          content: 'hello',
          id: 'm-1',
          metadata: { user_name: 'a', userName: 'b' },
          insertedAt: expect.stringMatching(/Z$/),
        },
      ],
      usedTokens: expect.any(Number),
      needsCompaction: false,
      version: 1,
      segments: [{ type: 'live', fromSeq: 1, toSeq: 1 }],
      budgetTokens: 1000,
      repairs: [],
      prefix: {
        hash: expect.any(String),
        startSeq: 1,
        compactionVersion: 0,
        settings: expect.any(String),
      },
    });
  });

  it('returns the seq and the range of a summary', async () => {
    await ctx.append(['a', 'b', 'c'].map(userMessage));
    await ctx.compact({ fromSeq: 1, toSeq: 2, replacement: [{ role: 'system', content: 'they said a, b' }] });
    const { messages, segments } = await ctx.window();
    expect(messages[0]).toMatchObject({ seq: 1, fromSeq: 1, toSeq: 2, content: 'they said a, b' });
    expect(messages[1]).toMatchObject({ seq: 3 });
    expect(messages[1]).not.toHaveProperty('fromSeq');
    expect(segments).toEqual([
      { type: 'summary', fromSeq: 1, toSeq: 2 },
      { type: 'live', fromSeq: 3, toSeq: 3 },
    ]);
  });

  it('returns fewer messages for a smaller budget', async () => {
    await ctx.append(['a', 'b', 'c'].map(userMessage));
    const window = await ctx.window({ budgetTokens: 11 });
    expect(window).toMatchObject({ budgetTokens: 11, needsCompaction: true });
    expect(window.messages.map(({ seq }) => seq)).toEqual([2, 3]);
  });

  it('throws a ConflictError when ifVersion is stale, including 0', async () => {
    expect((await ctx.window({ ifVersion: 0 })).version).toBe(0);
    await ctx.append(userMessage('a'));
    await expect(ctx.window({ ifVersion: 0 })).rejects.toMatchObject({ status: 409, expected: 0, actual: 1 });
    expect(proxy.requestsTo('GET', '/window').map(({ path }) => path.split('?')[1])).toEqual([
      'if_version=0',
      'if_version=0',
    ]);
  });

  it('returns the window of a past version, which autoCompact leaves as it is', async () => {
    await ctx.append(['a', 'b', 'c'].map(userMessage));
    ctx.autoCompact(() => {
      throw new Error('a past window must not be compacted');
    });
    const window = await ctx.window({ atVersion: 2, budgetTokens: 11 });
    expect(window).toMatchObject({ version: 2, needsCompaction: true });
    expect(window.messages.map(({ seq }) => seq)).toEqual([1, 2]);
    const prompt = await ctx.window({ atVersion: 1, budgetTokens: 6, format: 'openai-chat' });
    expect(prompt).toMatchObject({ version: 1, needsCompaction: true });
  });

  it.each([
    [{ budgetTokens: 0 }, /^budgetTokens must be/],
    [{ ifVersion: Number.NaN }, /^ifVersion must be/],
    [{ atVersion: -1 }, /^atVersion must be/],
  ])('rejects %p and sends nothing', async (options, message) => {
    await expect(ctx.window(options)).rejects.toThrow(message);
    expect(proxy.requestsTo('GET', '/window')).toEqual([]);
  });

  it('rejects when the signal is aborted', async () => {
    proxy.interceptNext({ type: 'hang' }, ({ path }) => path.endsWith('/window'));
    await expect(ctx.window({ signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});

describe('ctx.window with cache', () => {
  it('returns prompts for the prompt caches of OpenAI and Anthropic', async () => {
    await ctx.append([{ role: 'system', content: 'Be brief.' }, userMessage('a')]);
    const openAi = await ctx.window({ format: 'openai-chat', cache: true });
    expect(openAi.prompt.prompt_cache_key).toMatch(/^.{1,64}$/);
    const { prompt } = await ctx.window({ format: 'anthropic', cache: true });
    const mark = { cache_control: { type: 'ephemeral' } };
    expect(prompt).toEqual({
      system: [{ type: 'text', text: 'Be brief.', ...mark }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'a', ...mark }] }],
    });
    const preview = await ctx.previewWindow({}, { format: 'openai-responses', cache: true });
    expect(preview.prompt.prompt_cache_key).toBe(openAi.prompt.prompt_cache_key);
    expect((await ctx.window({ format: 'anthropic' })).prompt.system).toBe('Be brief.');
  });

  it('is not sent when an auto-compaction reads the window without a format', async () => {
    await ctx.append(['a', 'b', 'c'].map(userMessage));
    ctx.autoCompact(() => ({ fromSeq: 1, toSeq: 1, replacement: [userMessage('brief')] }));
    const { version } = await ctx.window({ format: 'anthropic', cache: true, budgetTokens: 11 });
    expect(version).toBe(4);
  });
});

/** Never called: the prompts have the types of the providers' calls. */
export async function callProviders(openai: OpenAI, anthropic: Anthropic, context: Context): Promise<void> {
  const chat = await context.window({ format: 'openai-chat', cache: true });
  await openai.chat.completions.create({ model: 'gpt-5', ...chat.prompt });
  const responses = await context.window({ format: 'openai-responses', cache: true });
  await openai.responses.create({ model: 'gpt-5', ...responses.prompt });
  const messages = await context.window({ format: 'anthropic', cache: true });
  await anthropic.messages.create({ model: 'claude', max_tokens: 1, ...messages.prompt });
  // @ts-expect-error Gemini has no such option
  await context.window({ format: 'gemini', cache: true });
  // @ts-expect-error the messages of a window without a format are not for a cache
  await context.window({ cache: true });
}

describe('ctx.window with explain', () => {
  it('returns why each event is in the window or not, also with a format and in a preview', async () => {
    await ctx.append(['a', 'b', 'c'].map(userMessage));
    const { explain, prefix } = await ctx.window({ explain: true, budgetTokens: 11 });
    expect(explain).toEqual([
      { fromSeq: 1, toSeq: 1, tokens: 5, included: false, reason: 'budget' },
      { fromSeq: 2, toSeq: 3, tokens: 10, included: true, reason: null },
    ]);
    expect(prefix.changedBy).toBe('budget');
    const prompt = await ctx.window({ explain: true, format: 'openai-chat' });
    expect(prompt.explain).toHaveLength(1);
    expect((await ctx.previewWindow({ tokenBudget: 11 }, { explain: true })).explain).toHaveLength(2);
    expect(await ctx.window()).not.toHaveProperty('explain');
  });
});

describe('ctx.previewWindow', () => {
  const replacement = [{ role: 'system', content: 'they said a, b', tokenCount: 5 }] as const;

  it('returns the window under other settings and with a compaction, and stores nothing', async () => {
    await ctx.append(['a', 'b', 'c', 'd'].map(userMessage));
    ctx.autoCompact(() => {
      throw new Error('a preview must not be compacted');
    });
    const before = await ctx.get();
    const window = await ctx.previewWindow({
      tokenBudget: 16,
      policy: { strategy: 'last_n', config: { limit: 1 } },
      compaction: { fromSeq: 1, toSeq: 2, replacement },
    });
    expect(window).toMatchObject({ version: 4, budgetTokens: 16 });
    expect(window.segments).toEqual([
      { type: 'summary', fromSeq: 1, toSeq: 2 },
      { type: 'live', fromSeq: 4, toSeq: 4 },
    ]);
    expect(await ctx.get()).toEqual(before);
  });

  it('returns a prompt, the window of a past version, and an overflow without an error', async () => {
    await ctx.append(['a', 'b'].map(userMessage));
    const past = await ctx.previewWindow({}, { format: 'openai-chat', atVersion: 1 });
    expect(past).toMatchObject({ version: 1, format: 'openai-chat' });
    expect(past.prompt.messages).toEqual([{ role: 'user', content: 'a' }]);
    const tiny = await ctx.previewWindow({}, { format: 'openai-chat', budgetTokens: 1 });
    expect(tiny.overflow).toMatchObject({ seq: 2 });
  });

  it('returns the warnings of a compaction that cuts through a group, and rejects an invalid one', async () => {
    await ctx.append([
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'f' }] },
      { role: 'tool', parts: [{ type: 'tool_result', id: 'c', output: 'x' }] },
    ]);
    const { warnings } = await ctx.previewWindow({ compaction: { fromSeq: 1, toSeq: 1, replacement } });
    expect(warnings).toEqual([{ code: 'splits_group', fromSeq: 1, toSeq: 2 }]);
    const invalid = { compaction: { fromSeq: 1, toSeq: 3, replacement } };
    await expect(ctx.previewWindow(invalid)).rejects.toMatchObject({ status: 400, reason: 'range_gap' });
    await expect(ctx.previewWindow({ tokenBudget: 0 })).rejects.toThrow(/^tokenBudget must be/);
  });
});

describe('ctx.metadata', () => {
  it('merges the patch and returns the conversation', async () => {
    await ctx.metadata({ user_name: 'a', userName: 'b' });
    expect(await ctx.metadata({ userName: null, more: [1] })).toMatchObject({
      metadata: { user_name: 'a', more: [1] },
      version: 0,
    });
  });
});
