import type { Format } from '@fastpaca/messages';

/*
 * The prompts of the formats, in the types of the packages that take them. The packages are optional: `@ts-ignore` makes a type `any`
 * where its package is not installed, and `Installed` then replaces it. The comments stay in the published types.
 */
/* eslint-disable @typescript-eslint/ban-ts-comment -- `@ts-expect-error` would be an error where the package is installed */

/** @ts-ignore */
type OpenAiChatMessage = import('openai').OpenAI.ChatCompletionMessageParam;
/** @ts-ignore */
type OpenAiInputItem = import('openai').OpenAI.Responses.ResponseInputItem;
/** @ts-ignore */
type AnthropicMessage = import('@anthropic-ai/sdk').Anthropic.MessageParam;
/** @ts-ignore */
type AnthropicText = import('@anthropic-ai/sdk').Anthropic.TextBlockParam;
/** @ts-ignore */
type GeminiContent = import('@google/genai').Content;
/** @ts-ignore */
type AiModelMessage = import('ai').ModelMessage;
/** @ts-ignore */
type AiOptions = Parameters<typeof import('ai').generateText>[0];

/* eslint-enable @typescript-eslint/ban-ts-comment */

/** The type of a package; if it is not installed, objects of any fields. */
type Installed<Type, Fallback = Record<string, unknown>> = 0 extends 1 & Type ? Fallback : Type;

/** AI SDK 5 accepts only a string. */
type AiSystem = Installed<AiOptions, { system?: string }> extends { system?: infer System } ? System : string;

/** The prompt of each format, to be spread into the call of the provider. */
export interface Prompts {
  /** `openai.chat.completions.create({ model, ...prompt })` */
  'openai-chat': { messages: Installed<OpenAiChatMessage>[]; prompt_cache_key?: string };
  /** `openai.responses.create({ model, ...prompt })` */
  'openai-responses': { input: Installed<OpenAiInputItem>[]; prompt_cache_key?: string };
  /** `anthropic.messages.create({ model, max_tokens, ...prompt })` */
  anthropic: { system?: string | Installed<AnthropicText>[]; messages: Installed<AnthropicMessage>[] };
  /** `ai.models.generateContent({ model, contents, config: { systemInstruction } })` */
  gemini: { systemInstruction?: Installed<GeminiContent>; contents: Installed<GeminiContent>[] };
  /** `generateText({ model, ...prompt })` */
  'ai-sdk': { system?: NonNullable<AiSystem>; messages: Installed<AiModelMessage>[] };
}

export type { CachedFormat, Format } from '@fastpaca/messages';

/** A prompt in the format of a provider. */
export type Prompt<F extends Format = Format> = Prompts[F];
