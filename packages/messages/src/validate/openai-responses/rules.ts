import { SHAPE_RULES } from '../shape.js';
import type { Rule } from '../violation.js';

/** The rules of OpenAI's Responses API. A `source` in quotes is the text of a 400. */
export const OPENAI_RESPONSES_RULES = {
  ...SHAPE_RULES,
  'unanswered-call': { demand: 'No tool output found for function call', source: 'the same text' },
  'orphan-call-output': {
    demand: 'No tool call found for function call output with call_id',
    source: 'the same text; the API reads the items in order, so an output must come after its call',
  },
  'duplicate-call-id': {
    demand: 'Two calls have the same call_id',
    source: 'The API binds calls and outputs one to one: "No tool call found for function call output"',
  },
  'duplicate-call-output': {
    demand: 'Two outputs have the same call_id',
    source: 'The API binds calls and outputs one to one: "No tool call found for function call output"',
  },
  'duplicate-item-id': {
    demand: 'Duplicate item found with id',
    source: 'the same text',
  },
  'reasoning-without-follower': {
    demand: 'Item of type reasoning was provided without its required following item',
    source: "\"Item 'rs_…' of type 'reasoning' was provided without its required following item\"",
  },
  'item-without-reasoning': {
    demand: 'Item was provided without its required reasoning item',
    source:
      "\"Item 'fc_…' was provided without its required 'reasoning' item\"; openai/openai-python#3013, openai/openai-node#1791",
  },
  'not-stored': {
    demand: 'Items are not persisted when `store` is set to false',
    source: '"Item with id \'rs_…\' not found. Items are not persisted when `store` is set to false"',
  },
  'approval-without-request': {
    demand: 'An MCP approval response must follow its request',
    source: 'API reference, `approval_request_id`: the id of the approval request being answered',
  },
  'trigger-position': {
    demand: 'A compaction trigger must be the final input item',
    source: 'API reference, `compaction_trigger`',
  },
} satisfies Record<string, Rule>;

export type OpenAiResponsesRule = keyof typeof OPENAI_RESPONSES_RULES;
