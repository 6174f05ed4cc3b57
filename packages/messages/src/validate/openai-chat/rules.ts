import { SHAPE_RULES } from '../shape.js';
import type { Rule } from '../violation.js';

/** The rules of OpenAI's Chat Completions API. A `source` in quotes is the text of a 400. */
export const OPENAI_CHAT_RULES = {
  ...SHAPE_RULES,
  'user-message': {
    demand: 'There must be at least one message with the role user',
    source: 'chat templates of Qwen: "No user query found in messages"; coder/coder PR 22819',
  },
  'system-first': {
    demand: 'System message must be at the beginning',
    source: 'the same text, from the chat templates of Qwen; vLLM',
  },
  'content-required': {
    demand: "Invalid value for 'content': expected a string, got null",
    source: 'the same text; API reference: required unless there are tool_calls',
  },
  'unanswered-tool-call': {
    demand:
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'",
    source: 'the same text',
  },
  'orphan-tool-result': {
    demand: "messages with role 'tool' must be a response to a preceding message with 'tool_calls'",
    source: 'the same text; BerriAI/litellm#6505, run-llama/llama_index#13715',
  },
  'duplicate-tool-call-id': {
    demand: "Duplicate value for 'tool_call_id'",
    source: 'the same text, for two calls of one message; later messages may use an id again',
  },
  'duplicate-tool-result': {
    demand: 'A tool call must have a single tool message',
    source: 'Two answers to one call are one more than "tool messages responding to each"',
  },
  'json-arguments': {
    demand: 'The arguments must be a JSON object',
    source:
      'vLLM parses them for the chat template; API reference: the model does not always generate valid JSON',
  },
} satisfies Record<string, Rule>;

export type OpenAiChatRule = keyof typeof OPENAI_CHAT_RULES;
