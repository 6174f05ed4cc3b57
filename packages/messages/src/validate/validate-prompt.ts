import type { AiSdkOptions } from './ai-sdk/options.js';
import { validateAiSdk } from './ai-sdk/validate-ai-sdk.js';
import type { AnthropicOptions } from './anthropic/options.js';
import { validateAnthropic } from './anthropic/validate-anthropic.js';
import type { GeminiOptions } from './gemini/options.js';
import { validateGemini } from './gemini/validate-gemini.js';
import { shown } from './json.js';
import type { OpenAiChatOptions } from './openai-chat/options.js';
import { validateOpenAiChat } from './openai-chat/validate-openai-chat.js';
import type { OpenAiResponsesOptions } from './openai-responses/options.js';
import { validateOpenAiResponses } from './openai-responses/validate-openai-responses.js';
import type { Violation } from './violation.js';

/** The options of each format's validator. */
export interface ValidationOptions {
  'openai-chat': OpenAiChatOptions;
  'openai-responses': OpenAiResponsesOptions;
  anthropic: AnthropicOptions;
  gemini: GeminiOptions;
  'ai-sdk': AiSdkOptions;
}

export type ValidatedFormat = keyof ValidationOptions;

type Validators = {
  [Format in ValidatedFormat]: (prompt: unknown, options?: ValidationOptions[Format]) => Violation[];
};

const VALIDATORS: Validators = {
  'openai-chat': validateOpenAiChat,
  'openai-responses': validateOpenAiResponses,
  anthropic: validateAnthropic,
  gemini: validateGemini,
  'ai-sdk': validateAiSdk,
};

/**
 * Checks a prompt against the rules of its format. Never throws.
 *
 * @param prompt what is spread into the call of the provider, such as `{ system?, messages }`; unknown JSON
 * @returns the violations; empty if the provider accepts the prompt. An unknown format is a violation of the rule `format`.
 */
export function validatePrompt<Format extends ValidatedFormat>(
  format: Format,
  prompt: unknown,
  options?: ValidationOptions[Format],
): Violation[] {
  if (!Object.hasOwn(VALIDATORS, format)) {
    const known = Object.keys(VALIDATORS).join(', ');
    return [{ path: '', rule: 'format', message: `Unknown format ${shown(format)}; known are ${known}` }];
  }
  return VALIDATORS[format](prompt, options);
}
