import { SHAPE_RULES } from '../shape.js';
import type { Rule } from '../violation.js';

/**
 * The rules of prompts for the AI SDK. A `source` in quotes is the text of an error. "Portable" rules are those of the
 * providers behind it: the AI SDK passes on what one of them refuses.
 */
export const AI_SDK_RULES = {
  ...SHAPE_RULES,
  'system-in-messages': {
    demand:
      'System messages are not allowed in the prompt or messages fields. Use the instructions option instead',
    source: 'the same text, from AI SDK 7 without allowSystemInMessages',
  },
  'system-placement': {
    demand: 'Multiple system messages that are separated by user/assistant messages',
    source: 'portable: the same text, from @ai-sdk/anthropic',
  },
  'unanswered-tool-call': {
    demand: 'Tool results are missing for tool calls',
    source: 'MissingToolResultsError; portable: the results directly follow, as OpenAI and Google demand',
  },
  'orphan-tool-result': {
    demand: 'A tool result must have a tool call before it',
    source: 'portable: "unexpected `tool_use_id`", "messages with role \'tool\' must be a response"',
  },
  'duplicate-tool-call-id': {
    demand: 'Ids of tool calls must be unique',
    source: 'portable: Anthropic, "`tool_use` ids must be unique"',
  },
  'duplicate-tool-result': {
    demand: 'A tool call must have a single result',
    source: 'portable: Anthropic, "each tool_use must have a single result"',
  },
  'approval-without-request': {
    demand: 'A tool approval response must answer a tool approval request for a known tool call',
    source: 'InvalidToolApprovalError, ToolCallNotFoundForApprovalError',
  },
  'empty-message': {
    demand: 'A message must have content beside empty texts, which the AI SDK drops',
    source: 'convert-to-language-model-prompt; then "contents.parts must not be empty" and its like',
  },
  'reasoning-only': {
    demand: 'An assistant message must have content beside reasoning',
    source: 'portable: providers drop the reasoning of others, and then the message is empty',
  },
  'first-role': {
    demand: 'The first message must have the role user',
    source: 'portable: Anthropic, Google',
  },
  'last-role': {
    demand: 'The last message must have the role user or tool',
    source:
      'portable: Anthropic, "must end with a user message"; Google, "Requests ending with a model turn"',
  },
} satisfies Record<string, Rule>;

export type AiSdkRule = keyof typeof AI_SDK_RULES;
