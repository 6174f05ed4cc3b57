import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, jsonSchema, tool, type LanguageModel, type ModelMessage } from 'ai';
import type { ValidatedFormat } from '../../src/validate/index.js';

type ProviderFormat = Exclude<ValidatedFormat, 'ai-sdk'>;

/** The model of the real provider package that speaks a format. */
const MODELS: Record<ProviderFormat, (fetch: typeof globalThis.fetch) => LanguageModel> = {
  anthropic: (fetch) => createAnthropic({ apiKey: 'key', fetch })('claude-opus-5-5'),
  gemini: (fetch) => createGoogle({ apiKey: 'key', fetch })('gemini-3-pro-preview'),
  'openai-chat': (fetch) => createOpenAI({ apiKey: 'key', fetch }).chat('gpt-4.1'),
  'openai-responses': (fetch) => createOpenAI({ apiKey: 'key', fetch }).responses('gpt-5'),
};

/** The fields of a request that are the prompt. */
const PROMPT_FIELDS: Record<ProviderFormat, string[]> = {
  anthropic: ['system', 'messages'],
  gemini: ['systemInstruction', 'contents'],
  'openai-chat': ['messages'],
  'openai-responses': ['input'],
};

/** @returns the prompt in the request that the AI SDK sends to the provider of this format */
export async function capturePrompt(
  format: ProviderFormat,
  prompt: { instructions?: string; messages: ModelMessage[] },
): Promise<Record<string, unknown>> {
  let body: Record<string, unknown> | undefined;
  const model = MODELS[format]((_url, init) => {
    body = JSON.parse(init?.body as string) as Record<string, unknown>;
    return Promise.reject(new Error('captured'));
  });
  const weather = tool({ inputSchema: jsonSchema({ type: 'object', properties: {} }) });
  await generateText({ model, ...prompt, tools: { weather }, maxRetries: 0 }).catch((error: unknown) => {
    if (!body) throw error;
  });
  const entries = PROMPT_FIELDS[format].map((name) => [name, body?.[name]]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}
