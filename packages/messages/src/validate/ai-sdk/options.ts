/** What depends on the version of the AI SDK and on the call. */
export interface AiSdkOptions {
  /** Major version of `ai`. Default 7. Older versions do not know all parts. */
  version?: 5 | 6 | 7;
  /** The call has `allowSystemInMessages: true`. Default false; true for versions below 7, which have no such option. */
  allowSystemInMessages?: boolean;
  /**
   * The prompt must suit every provider, not only the AI SDK, which passes on what Anthropic, Google or OpenAI then refuse.
   * Default true.
   */
  portable?: boolean;
}
