import { describe, expect, it } from '@jest/globals';
import { usageOf } from '../src/index.js';

const window = { version: 7 };

/** Answers of providers to a request with 100 uncached tokens, 2,000 read from the cache and, with Anthropic, 30 written to it. */
const OPENAI_CHAT = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-5-2026-03-01',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 2100,
    completion_tokens: 5,
    total_tokens: 2105,
    prompt_tokens_details: { cached_tokens: 2000 },
  },
};
const OPENAI_RESPONSES = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'completed',
  model: 'gpt-5-2026-03-01',
  output: [
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Hi', annotations: [] }],
    },
  ],
  usage: {
    input_tokens: 2100,
    input_tokens_details: { cached_tokens: 2000 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 2105,
  },
};
const ANTHROPIC = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-opus-5-20260301',
  content: [{ type: 'text', text: 'Hi' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: {
    input_tokens: 100,
    cache_creation_input_tokens: 30,
    cache_read_input_tokens: 2000,
    output_tokens: 5,
  },
};
const GOOGLE = {
  modelVersion: 'gemini-3-flash',
  candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }],
  usageMetadata: {
    promptTokenCount: 2100,
    cachedContentTokenCount: 2000,
    candidatesTokenCount: 5,
    totalTokenCount: 2105,
  },
};

describe('usageOf the answer of a provider', () => {
  it.each([
    ['OpenAI Chat Completions', OPENAI_CHAT, 'gpt-5-2026-03-01', 2100],
    ['OpenAI Responses', OPENAI_RESPONSES, 'gpt-5-2026-03-01', 2100],
    ['Anthropic', ANTHROPIC, 'claude-opus-5-20260301', 2130],
    ['Google', GOOGLE, 'gemini-3-flash', 2100],
  ])('counts the cached tokens of %s once', async (_, answer, model, inputTokens) => {
    expect(await usageOf(window, answer)).toEqual({ model, windowVersion: 7, inputTokens });
  });

  it('counts what Anthropic does not cache', async () => {
    const usage = { input_tokens: 100, cache_creation_input_tokens: null, cache_read_input_tokens: null };
    expect(await usageOf(window, { ...ANTHROPIC, usage })).toMatchObject({ inputTokens: 100 });
  });

  it.each([
    [undefined],
    [null],
    ['text'],
    [{}],
    [{ steps: [] }],
    [{ model: 'gpt-5' }],
    [{ model: 'gpt-5', usage: null }],
    [{ ...OPENAI_CHAT, usage: { prompt_tokens: 0 } }],
    [{ ...OPENAI_CHAT, usage: { prompt_tokens: Number.NaN } }],
    [{ ...OPENAI_CHAT, model: undefined }],
    [{ steps: [{ response: { modelId: 'm' }, usage: { inputTokens: undefined } }] }],
  ])('is undefined if the answer does not say it: %j', async (answer) => {
    expect(await usageOf(window, answer)).toBeUndefined();
  });
});

interface Installed {
  ai: any;
  openai: any;
  anthropic: any;
  google: any;
}

/** Each import is a literal, so that tools find the aliased packages. */
const VERSIONS: Record<string, () => Promise<Installed>> = {
  'AI SDK 5': async () => ({
    ai: await import('ai-v5'),
    openai: await import('ai-sdk-openai-v5'),
    anthropic: await import('ai-sdk-anthropic-v5'),
    google: await import('ai-sdk-google-v5'),
  }),
  'AI SDK 6': async () => ({
    ai: await import('ai-v6'),
    openai: await import('ai-sdk-openai-v6'),
    anthropic: await import('ai-sdk-anthropic-v6'),
    google: await import('ai-sdk-google-v6'),
  }),
  'AI SDK 7': async () => ({
    ai: await import('ai'),
    openai: await import('@ai-sdk/openai'),
    anthropic: await import('@ai-sdk/anthropic'),
    google: await import('@ai-sdk/google'),
  }),
  'AI SDK 7 with the providers of 5': async () => ({
    ...(await VERSIONS['AI SDK 5']!()),
    ai: await import('ai'),
  }),
};

const answering = (answer: object) => ({
  apiKey: 'none',
  fetch: () => Promise.resolve(Response.json(answer)),
});

describe.each(Object.keys(VERSIONS))('usageOf a result of generateText, %s', (version) => {
  it('counts the cached tokens of each provider once', async () => {
    const { ai, openai, anthropic, google } = await VERSIONS[version]!();
    const generate = async (model: any) =>
      usageOf(window, await ai.generateText({ model, prompt: 'Hi', maxRetries: 0 }));
    expect(await generate(openai.createOpenAI(answering(OPENAI_CHAT)).chat('gpt-5'))).toEqual({
      ...{ model: 'gpt-5-2026-03-01', windowVersion: 7, inputTokens: 2100 },
    });
    expect(await generate(openai.createOpenAI(answering(OPENAI_RESPONSES)).responses('gpt-5'))).toMatchObject(
      {
        inputTokens: 2100,
      },
    );
    expect(await generate(anthropic.createAnthropic(answering(ANTHROPIC))('claude-opus-5'))).toEqual({
      ...{ model: 'claude-opus-5-20260301', windowVersion: 7, inputTokens: 2130 },
    });
    expect(
      await generate(google.createGoogleGenerativeAI(answering(GOOGLE))('gemini-3-flash')),
    ).toMatchObject({ inputTokens: 2100 });
  });
});
