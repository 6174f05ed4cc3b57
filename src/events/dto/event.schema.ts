import type { OpenAPIObject } from '@nestjs/swagger';
import { ROLES } from '../event-validator.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
type SchemaObject = Exclude<Schemas[string], { $ref: string }>;

const PART: SchemaObject = {
  type: 'object',
  required: ['type'],
  properties: {
    type: { type: 'string', example: 'text' },
    text: { type: 'string', example: 'How do I deploy this?' },
  },
  additionalProperties: true,
};

/** An event as it is sent. Lenient: what is not named here is stored and returned as it came. */
export const NEW_EVENT: SchemaObject = {
  type: 'object',
  required: ['role'],
  properties: {
    role: { type: 'string', enum: [...ROLES] },
    parts: {
      type: 'array',
      minItems: 1,
      items: PART,
      description: 'Each with a `type`, otherwise of any shape',
    },
    content: { type: 'string', description: 'Instead of `parts`: taken as one text part' },
    id: { type: 'string' },
    metadata: { type: 'object', additionalProperties: true },
    token_count: { type: 'integer', minimum: 0, description: "The caller's own count, used as the estimate" },
  },
  additionalProperties: true,
};

/** The fields that a stored event and a message of a window share. */
const SHARED_FIELDS = {
  role: { type: 'string', enum: [...ROLES] },
  parts: { type: 'array', minItems: 1, items: PART },
  id: { type: 'string' },
  metadata: { type: 'object', additionalProperties: true },
} satisfies Record<string, SchemaObject>;

/** An event as the log gives it back: as it came, with what the server owns. */
export const LOGGED_EVENT: SchemaObject = {
  type: 'object',
  required: ['seq', 'version', 'role', 'parts', 'token_estimate', 'inserted_at'],
  properties: {
    seq: { type: 'integer', minimum: 1 },
    version: { type: 'integer', minimum: 1 },
    ...SHARED_FIELDS,
    token_count: { type: 'integer' },
    token_estimate: { type: 'integer' },
    inserted_at: { type: 'string', format: 'date-time' },
  },
  additionalProperties: true,
};

/** A message of a window. */
export const WINDOW_MESSAGE: SchemaObject = {
  type: 'object',
  required: ['seq', 'role', 'parts', 'inserted_at'],
  properties: {
    seq: { type: 'integer', description: 'Of a summary: `from_seq` of its range' },
    from_seq: { type: 'integer', description: 'Of a summary only' },
    to_seq: { type: 'integer', description: 'Of a summary only' },
    ...SHARED_FIELDS,
    inserted_at: { type: 'string', format: 'date-time' },
  },
};
