import type { FromSchema, JsonSchema } from '../../common/json-schema/json-schema.js';

/*
 * The rules of an event, stated once: `EventValidator` enforces them, the OpenAPI and the AsyncAPI document show them, and
 * TypeScript derives its types from them. A field that no schema names belongs to the caller: it is stored and returned
 * unchanged. A `title` is the name of the schema in the documents, see `nameSchemas`.
 */

export const ROLES = ['system', 'developer', 'user', 'assistant', 'tool'] as const;

/** Most events of one turn. */
export const MAX_TURN_SIZE = 100;

const PART = {
  type: 'object',
  required: ['type'],
  properties: { type: { type: 'string', example: 'text' } },
  additionalProperties: true,
} as const satisfies JsonSchema;

/** A part as the documents show it. `text` is not a rule: in a part of the caller's own type it may be anything. */
const DOCUMENTED_PART = {
  ...PART,
  title: 'Part',
  description: 'Has a `type`; its other fields are up to the caller',
  properties: { ...PART.properties, text: { type: 'string', example: 'How do I deploy this?' } },
} as const satisfies JsonSchema;

const partsOf = <Part extends JsonSchema>(part: Part) =>
  ({ type: 'array', minItems: 1, items: part }) as const satisfies JsonSchema;

const ROLE = { title: 'Role', type: 'string', enum: ROLES } as const satisfies JsonSchema;
const METADATA = { type: 'object', additionalProperties: true } as const satisfies JsonSchema;
const PINNED = {
  type: 'boolean',
  description: 'If true, no policy and no budget drops the event from a window',
} as const satisfies JsonSchema;

/** The fields that a stored event and a message of a window share. */
const STORED_FIELDS = {
  role: ROLE,
  parts: {
    type: 'array',
    items: DOCUMENTED_PART,
    description: 'Empty only if the event has its content in other fields, such as `tool_calls`',
  },
  id: { type: 'string' },
  metadata: METADATA,
  pinned: PINNED,
} as const satisfies Record<string, JsonSchema>;

const TOKEN_COUNT = {
  type: 'integer',
  minimum: 0,
  maximum: 2_147_483_647, // of a PostgreSQL integer
  description:
    "The caller's own token count, used as the token estimate. It shrinks in proportion when a window leaves out parts of the event.",
} as const satisfies JsonSchema;

/**
 * The fields of an event that may be appended. `EventValidator` adds the choice between `parts` and `content`, and that both may be
 * empty beside `tool_calls` and the like.
 */
export const EVENT_RULES = {
  type: 'object',
  required: ['role'],
  properties: {
    role: ROLE,
    parts: partsOf(PART),
    content: { ...partsOf(PART), type: ['string', 'array'] },
    id: { type: 'string' },
    metadata: METADATA,
    token_count: TOKEN_COUNT,
    pinned: PINNED,
  },
  additionalProperties: true,
} as const satisfies JsonSchema;

const { role: _role, parts: _parts, content: _content, ...OPTIONAL_FIELDS } = EVENT_RULES.properties;

/** A tool call as the documents show it. No field of it is a rule: `tool_calls` is a field of the caller. */
const DOCUMENTED_TOOL_CALL = {
  title: 'ToolCall',
  type: 'object',
  description: 'A tool call of OpenAI Chat Completions; any other object is stored as it is',
  properties: {
    id: { type: 'string', example: 'call_1' },
    type: { type: 'string', example: 'function' },
    function: {
      type: 'object',
      properties: { name: { type: 'string' }, arguments: { type: 'string', description: 'JSON text' } },
      additionalProperties: true,
    },
  },
  additionalProperties: true,
} as const satisfies JsonSchema;

const NO_PARTS = { type: 'array', maxItems: 0, items: DOCUMENTED_PART } as const satisfies JsonSchema;

/**
 * An event as a client sends it, for the documents: exactly one of `parts` and `content`, or neither beside `tool_calls`. Each is a
 * complete schema, because code generators ignore a `oneOf` that only says which fields are required.
 */
export const NEW_EVENT = {
  title: 'NewEvent',
  description:
    'Has either `parts` or `content`. A message of OpenAI Chat can be sent as it is: it needs neither beside `tool_calls`, ' +
    '`refusal`, `audio` or `function_call`. Fields that are not named here are stored and returned unchanged.',
  oneOf: [
    {
      ...EVENT_RULES,
      title: 'NewEventWithParts',
      required: ['role', 'parts'],
      properties: { role: ROLE, parts: partsOf(DOCUMENTED_PART), ...OPTIONAL_FIELDS },
    },
    {
      ...EVENT_RULES,
      title: 'NewEventWithContent',
      required: ['role', 'content'],
      properties: {
        role: ROLE,
        content: {
          description: 'Stored as `parts`: a text becomes one text part, a list is taken as it is',
          oneOf: [{ type: 'string' }, partsOf(DOCUMENTED_PART)],
        },
        ...OPTIONAL_FIELDS,
      },
    },
    {
      ...EVENT_RULES,
      title: 'NewEventWithToolCalls',
      description: 'A message of a model that only calls tools, as OpenAI Chat Completions returns it',
      required: ['role', 'tool_calls'],
      properties: {
        role: ROLE,
        tool_calls: {
          type: 'array',
          minItems: 1,
          items: DOCUMENTED_TOOL_CALL,
          description: 'Stored and returned unchanged',
        },
        content: { ...NO_PARTS, nullable: true, description: 'Null, empty or absent' },
        parts: { ...NO_PARTS, description: 'Empty or absent' },
        ...OPTIONAL_FIELDS,
      },
    },
  ],
} as const;

/** A turn: events that are appended together. */
export const NEW_TURN = {
  type: 'array',
  minItems: 1,
  maxItems: MAX_TURN_SIZE,
  items: EVENT_RULES,
} as const satisfies JsonSchema;

/** What a compaction puts in the place of a range: as many events as the body may hold, or none. */
export const REPLACEMENT = { type: 'array', items: EVENT_RULES } as const satisfies JsonSchema;

/** An event in which `EventValidator` has found no violation. */
export type ValidatedEvent = FromSchema<typeof EVENT_RULES>;

/** An event as the log returns it: as it was sent, with the fields that the server owns. */
export const LOGGED_EVENT = {
  title: 'Event',
  type: 'object',
  description: 'An event of the log, as it was sent, with the fields that the server owns',
  required: ['seq', 'version', 'role', 'parts', 'token_estimate', 'inserted_at'],
  properties: {
    seq: { type: 'integer', minimum: 1 },
    version: { type: 'integer', minimum: 1 },
    ...STORED_FIELDS,
    token_count: TOKEN_COUNT,
    token_estimate: {
      type: 'integer',
      description:
        'What the event costs of a budget, in tokens of the model that the conversation had when it was appended',
    },
    inserted_at: { type: 'string', format: 'date-time' },
    withdrawn_at_version: {
      type: 'integer',
      description: 'Only if the event was withdrawn: the version of the withdrawal. No window has the event.',
    },
  },
  additionalProperties: true,
} as const satisfies JsonSchema;

/** A message of a window. */
export const WINDOW_MESSAGE = {
  title: 'Message',
  type: 'object',
  description: 'A message of a window: an event of the log with all its fields, or a message of a summary',
  required: ['seq', 'role', 'parts', 'inserted_at'],
  properties: {
    seq: { type: 'integer', description: 'Seq of the event; in a summary, `from_seq` of its range' },
    from_seq: { type: 'integer', description: 'First seq that a summary stands for' },
    to_seq: { type: 'integer', description: 'Last seq that a summary stands for' },
    ...STORED_FIELDS,
    inserted_at: { type: 'string', format: 'date-time' },
    synthetic: {
      type: 'boolean',
      description: 'True for a tool result that is not in the log: it says that none was recorded',
    },
  },
  additionalProperties: true,
} as const satisfies JsonSchema;
