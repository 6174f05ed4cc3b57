/** What depends on the server. The defaults are those of OpenAI's own API, and of its strictest model. */
export interface OpenAiChatOptions {
  /** Characters that the id of a tool call may have. Default 40; some deployments accept 64. */
  maxToolCallIdLength?: number;
  /**
   * System messages must come first: the chat templates of Qwen and others, as vLLM runs them. Default false, because OpenAI
   * accepts them everywhere.
   */
  systemFirst?: boolean;
  /**
   * The arguments of a call must be a JSON object: templates that parse them, such as those of vLLM. Default false, because
   * OpenAI accepts any text; its models may produce invalid JSON.
   */
  jsonArguments?: boolean;
}
