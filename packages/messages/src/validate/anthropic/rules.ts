import { SHAPE_RULES } from '../shape.js';
import type { Rule } from '../violation.js';

/** The rules of Anthropic's Messages API. A `source` in quotes is the text of a 400. */
export const ANTHROPIC_RULES = {
  ...SHAPE_RULES,
  'first-role': {
    demand: 'The first message must have the role user',
    source: 'docs, Using the Messages API; older models: "first message must use the \\"user\\" role"',
  },
  'last-role': {
    demand:
      'This model does not support assistant message prefill. The conversation must end with a user message',
    source: 'the same text, from Opus 4.6 and Sonnet 5 on',
  },
  alternation: {
    demand: 'roles must alternate between "user" and "assistant"',
    source: 'docs: consecutive turns are combined; Amazon Bedrock and older models answer 400 with this text',
  },
  'system-role': {
    demand: "role 'system' is not supported on this model",
    source: 'the same text, from every model before Opus 4.8',
  },
  'system-placement': {
    demand:
      "role 'system' must follow a 'user' message or an 'assistant' message ending in a server tool result, " +
      "and must precede an 'assistant' message or end the array",
    source: 'the same text, from Opus 4.8 on; docs, Mid-conversation system messages',
  },
  'unanswered-tool-use': {
    demand: '`tool_use` ids were found without `tool_result` blocks immediately after',
    source: 'the same text',
  },
  'orphan-tool-result': {
    demand:
      'unexpected `tool_use_id` found in `tool_result` blocks. Each `tool_result` block must have a corresponding ' +
      '`tool_use` block in the previous message',
    source: 'the same text',
  },
  'tool-result-position': {
    demand: '`tool_result` blocks must come before any other content of the message',
    source: 'docs, Handle tool calls',
  },
  'duplicate-tool-use-id': { demand: '`tool_use` ids must be unique', source: 'the same text' },
  'duplicate-tool-result': {
    demand: 'each tool_use must have a single result. Found multiple `tool_result` blocks',
    source: 'the same text',
  },
  'error-result-content': {
    demand: 'all content must be type "text" if "is_error" is true',
    source: 'the same text',
  },
  'unanswered-server-tool-use': {
    demand: 'A server tool use was found without its result block after it in the same message',
    source:
      '"`web_search` tool use with id … was found without a corresponding `web_search_tool_result` block"',
  },
  'orphan-server-tool-result': {
    demand: 'A server tool result must have a corresponding `server_tool_use` block before it',
    source: '"unexpected `tool_use_id` found in `web_search_tool_result` blocks"',
  },
  'thinking-last': {
    demand: 'The final block in an assistant message cannot be `thinking`',
    source: 'the same text',
  },
  'thinking-first': {
    demand:
      'When thinking is enabled, an assistant message with an open tool call must start with a thinking block',
    source: '"Expected `thinking` or `redacted_thinking`, but found `tool_use`"; docs, Extended thinking',
  },
  'trailing-white-space': {
    demand: 'final assistant content cannot end with trailing whitespace',
    source: 'the same text, from models with prefill',
  },
  'cache-breakpoints': {
    demand: 'A maximum of 4 blocks with cache_control may be provided',
    source: 'the same text; docs, Prompt caching',
  },
  'cache-ttl-order': {
    demand: "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block",
    source: 'the same text; docs, Prompt caching',
  },
} satisfies Record<string, Rule>;

export type AnthropicRule = keyof typeof ANTHROPIC_RULES;
