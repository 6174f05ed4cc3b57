import type { Repair, WindowEvent } from '../window-event.js';
import { renderAiSdk } from './ai-sdk.js';
import { renderAnthropic } from './anthropic.js';
import { renderGemini } from './gemini.js';
import { renderOpenAiChat } from './openai-chat.js';
import { renderOpenAiResponses } from './openai-responses.js';
import type { PromptOptions } from './prompt-options.js';

/** The formats of a window, by the name that `format=` takes. */
export const FORMATS = ['openai-chat', 'openai-responses', 'anthropic', 'gemini', 'ai-sdk'] as const;
export type Format = (typeof FORMATS)[number];

/** A window in the format of a provider, to be spread into its call. All values are JSON. */
export interface Prompts {
  'openai-chat': { messages: object[]; prompt_cache_key?: string };
  'openai-responses': { input: object[]; prompt_cache_key?: string };
  /** `system` is a list only if a block has more than text, such as `cache_control`. */
  anthropic: { system?: string | object[]; messages: object[] };
  gemini: { systemInstruction?: { parts: { text: string }[] }; contents: object[] };
  /** `system` is a list only if the caller wrote system messages with `providerOptions`. */
  'ai-sdk': { system?: string | object[]; messages: object[] };
}

export interface RenderedPrompt<F extends Format = Format> {
  prompt: Prompts[F];
  /** What was changed so that the provider accepts the prompt, in the order of the messages. */
  repairs: Repair[];
}

type Renderers = {
  [F in Format]: (messages: readonly WindowEvent[], options: PromptOptions) => RenderedPrompt<F>;
};

const RENDERERS: Renderers = {
  'openai-chat': (messages, options) => withCacheKey(renderOpenAiChat(messages), options),
  'openai-responses': (messages, options) => withCacheKey(renderOpenAiResponses(messages), options),
  anthropic: renderAnthropic,
  gemini: (messages) => renderGemini(messages),
  'ai-sdk': (messages) => renderAiSdk(messages),
};

/**
 * Renders the messages of a window in the format of a provider, so that the provider accepts them. Objects that are in the
 * dialect of the format already are returned as they are, not copied.
 */
export function renderPrompt<F extends Format>(
  format: F,
  messages: readonly WindowEvent[],
  options: PromptOptions = {},
): RenderedPrompt<F> {
  return RENDERERS[format](messages, options);
}

/** OpenAI sends requests with the same key to the machines that have cached their prefix. */
function withCacheKey<Prompt extends object>(
  { prompt, repairs }: { prompt: Prompt; repairs: Repair[] },
  { cache }: PromptOptions,
): { prompt: Prompt & { prompt_cache_key?: string }; repairs: Repair[] } {
  return { prompt: { ...prompt, ...(cache && { prompt_cache_key: cache.key }) }, repairs };
}
