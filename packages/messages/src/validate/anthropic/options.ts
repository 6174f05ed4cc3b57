/** What depends on the model, the request or the platform. The defaults are the strictest choice. */
export interface AnthropicOptions {
  /** The last message may have the role `assistant`: models before Opus 4.6 and Sonnet 5. Default false. */
  prefill?: boolean;
  /** Messages may have the role `system`: Opus 4.8 and later. Default false. */
  midConversationSystem?: boolean;
  /** Roles must alternate: Amazon Bedrock, older models. Anthropic's own API combines consecutive messages. Default true. */
  alternation?: boolean;
  /** `mcp_tool_use` and `mcp_tool_result` are known: requests with the beta header of the MCP connector. Default false. */
  mcp?: boolean;
  /**
   * The request enables thinking, so that an open tool call needs its thinking blocks. Default false, the only default that
   * is not the strictest: nobody can add blocks that the model has not produced.
   */
  thinking?: boolean;
}
