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
/** The fields that a stored event and a message of a window share. */
const STORED_FIELDS = {
  role: ROLE,
  parts: partsOf(DOCUMENTED_PART),
  id: { type: 'string' },
  metadata: METADATA,
} as const satisfies Record<string, JsonSchema>;

const TOKEN_COUNT = {
  type: 'integer',
  minimum: 0,
  maximum: 2_147_483_647, // of a PostgreSQL integer
  description: "The caller's own token count, used as the token estimate",
} as const satisfies JsonSchema;

/** The fields of an event that may be appended. `EventValidator` adds the choice between `parts` and `content`. */
export const EVENT_RULES = {
  type: 'object',
  required: ['role'],
  properties: {
    role: ROLE,
    parts: partsOf(PART),
    content: { type: 'string', description: 'Instead of `parts`: stored as one text part' },
    id: { type: 'string' },
    metadata: METADATA,
    token_count: TOKEN_COUNT,
  },
  additionalProperties: true,
} as const satisfies JsonSchema;

const { role: _role, parts: _parts, content: CONTENT, ...OPTIONAL_FIELDS } = EVENT_RULES.properties;

/**
 * An event as a client sends it, for the documents: exactly one of `parts` and `content`. Two complete schemas, because code
 * generators ignore a `oneOf` that only says which fields are required.
 */
export const NEW_EVENT = {
  title: 'NewEvent',
  description:
    'Has either `parts` or `content`. Fields that are not named here are stored and returned unchanged.',
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
      properties: { role: ROLE, content: CONTENT, ...OPTIONAL_FIELDS },
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

/** What a compaction puts in the place of a range: as many events as the body may hold. */
export const REPLACEMENT = { type: 'array', minItems: 1, items: EVENT_RULES } as const satisfies JsonSchema;

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
    token_estimate: { type: 'integer' },
    inserted_at: { type: 'string', format: 'date-time' },
  },
  additionalProperties: true,
} as const satisfies JsonSchema;

/** A message of a window. */
export const WINDOW_MESSAGE = {
  title: 'Message',
  type: 'object',
  description: 'A message of a window: an event of the log, or a message of a summary',
  required: ['seq', 'role', 'parts', 'inserted_at'],
  properties: {
    seq: { type: 'integer', description: 'Seq of the event; in a summary, `from_seq` of its range' },
    from_seq: { type: 'integer', description: 'First seq that a summary stands for' },
    to_seq: { type: 'integer', description: 'Last seq that a summary stands for' },
    ...STORED_FIELDS,
    inserted_at: { type: 'string', format: 'date-time' },
  },
} as const satisfies JsonSchema;
