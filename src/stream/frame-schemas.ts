import type { OpenAPIObject } from '@nestjs/swagger';
import { LOGGED_EVENT } from '../events/dto/event.schema.js';
import type { FrameType } from './frames.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
type SchemaObject = Exclude<Schemas[string], { $ref: string }>;

const INTEGER: SchemaObject = { type: 'integer', minimum: 0 };
const { seq: _seq, version: _version, ...EVENT_FIELDS } = LOGGED_EVENT.properties ?? {};

/** A frame of this type with `version` and these fields besides. */
function frameSchema(
  type: FrameType,
  description: string,
  fields: Record<string, SchemaObject> = {},
): SchemaObject {
  return {
    type: 'object',
    description,
    required: ['type', 'version', ...Object.keys(fields)],
    properties: { type: { type: 'string', enum: [type] }, version: INTEGER, ...fields },
  };
}

/** `Frames` as JSON schemas, for the OpenAPI and the AsyncAPI document. */
export const FRAME_SCHEMAS: Record<FrameType, SchemaObject> = {
  event: frameSchema('event', 'An event was appended', {
    seq: INTEGER,
    event: {
      type: 'object',
      description: 'As the log gives it, `seq` and `version` aside',
      required: ['role', 'parts', 'token_estimate', 'inserted_at'],
      properties: EVENT_FIELDS,
      additionalProperties: true,
    },
  }),
  window: frameSchema('window', 'The window has changed: read it again', {
    needs_compaction: { type: 'boolean' },
    used_tokens: INTEGER,
  }),
  compaction: frameSchema('compaction', 'A range was compacted', {
    range: {
      type: 'object',
      required: ['from_seq', 'to_seq'],
      properties: { from_seq: INTEGER, to_seq: INTEGER },
    },
  }),
  tombstoned: frameSchema('tombstoned', 'The conversation was deleted; the stream ends'),
  reset: frameSchema(
    'reset',
    'The log is another one now, as after a failover that lost changes or a restore: forget what you have',
  ),
  gap: frameSchema(
    'gap',
    'Changes `expected` … `actual` are left out: read them from the log; the stream goes on after `version`',
    {
      expected: INTEGER,
      actual: INTEGER,
      reason: { type: 'string', enum: ['cursor_ahead', 'slow_reader'] },
    },
  ),
  ping: frameSchema('ping', 'A heartbeat: answer with any frame'),
};

/** The name a frame's schema has in the documents: `EventFrame` and so on. */
export function frameSchemaName(type: string): string {
  return `${type.charAt(0).toUpperCase()}${type.slice(1)}Frame`;
}
