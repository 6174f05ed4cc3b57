/** The formats whose prompts can be prepared for the prompt cache of the provider. */
export const CACHED_FORMATS = ['openai-chat', 'openai-responses', 'anthropic'] as const;
export type CachedFormat = (typeof CACHED_FORMATS)[number];

export interface PromptOptions {
  /**
   * Prepares the prompt for the prompt cache of the provider: `cache_control` for Anthropic, `prompt_cache_key` for OpenAI. Other
   * formats ignore it.
   */
  cache?: PromptCache | undefined;
}

export interface PromptCache {
  /** Names the conversation: 1 to 64 characters, the same for each of its windows. */
  key: string;
}
