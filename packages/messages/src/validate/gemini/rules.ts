import { SHAPE_RULES } from '../shape.js';
import type { Rule } from '../violation.js';

/** The rules of Gemini's `generateContent`. A `source` in quotes is the text of a 400. */
export const GEMINI_RULES = {
  ...SHAPE_RULES,
  'part-data': {
    demand: "required oneof field 'data' must have one initialized field",
    source: 'the same text; an empty text without a thought signature counts as not initialized',
  },
  'first-role': {
    demand: 'The first content must have the role user',
    source: 'API reference; without it a call or a response has no turn before it',
  },
  'last-role': {
    demand: 'Requests ending with a model turn are not supported',
    source:
      'the same text, from Gemini 3.6 on; before: "multiturn requests ends with a user role or a function response"',
  },
  'call-position': {
    demand:
      'Please ensure that function call turn comes immediately after a user turn or after a function response turn',
    source: 'the same text',
  },
  'unanswered-call': {
    demand: 'A function call turn must be followed by a function response turn',
    source:
      '"Please ensure that the number of function response parts is equal to the number of function call parts"',
  },
  'response-position': {
    demand: 'Please ensure that function response turn comes immediately after a function call turn',
    source: 'the same text',
  },
  'response-count': {
    demand:
      'Please ensure that the number of function response parts is equal to the number of function call parts of the ' +
      'function call turn',
    source: 'the same text',
  },
  'response-match': {
    demand: 'Each function response must have the name and the id of one function call',
    source: 'API reference, FunctionResponse: "Matches FunctionDeclaration.name and FunctionCall.name"',
  },
  'response-turn': {
    demand: 'A function response turn must contain nothing but function responses',
    source: 'A response mixed with text ends in "Requests ending with a model turn are not supported"',
  },
  'missing-thought-signature': {
    demand: 'Function call is missing a thought_signature in functionCall parts',
    source:
      'the same text, from Gemini 3 on; guide, Thought signatures: the first call of each step of the current turn',
  },
} satisfies Record<string, Rule>;

export type GeminiRule = keyof typeof GEMINI_RULES;
