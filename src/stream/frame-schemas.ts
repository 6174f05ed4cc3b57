import { LOGGED_EVENT } from '../events/dto/event.schema.js';
import type { FromSchema, JsonSchema } from '../common/json-schema/json-schema.js';

const INTEGER = { type: 'integer', minimum: 0 } as const satisfies JsonSchema;
const {
  seq: _seq,
  version: _version,
  withdrawn_at_version: _withdrawnAtVersion,
  ...EVENT_FIELDS
} = LOGGED_EVENT.properties;

/** A frame with its `type`, the conversation's `version` and these fields; all are required. */
function frameSchema<const Type extends string, const Fields extends Record<string, JsonSchema>>(
  type: Type,
  description: string,
  fields: Fields,
) {
  const required: ('type' | 'version' | (keyof Fields & string))[] = [
    'type',
    'version',
    ...Object.keys(fields),
  ];
  return {
    title: `${capitalized(type)}Frame`,
    type: 'object',
    description,
    required,
    properties: { type: { type: 'string', enum: [type] }, version: INTEGER, ...fields },
  } as const;
}

const COMPACTION = frameSchema('compaction', 'A range of events was compacted, or a compaction was undone', {
  range: {
    type: 'object',
    required: ['from_seq', 'to_seq'],
    properties: { from_seq: INTEGER, to_seq: INTEGER },
  },
});

/**
 * The frames of a stream: everything a client may receive, by type. The OpenAPI and the AsyncAPI document show these
 * schemas as `EventFrame` and so on, and the type `Frames` derives from them.
 */
export const FRAME_SCHEMAS = {
  event: frameSchema('event', 'An event was appended', {
    seq: INTEGER,
    event: {
      title: 'StreamedEvent',
      type: 'object',
      description: 'The event as the log returns it, without `seq` and `version`',
      required: ['role', 'parts', 'token_estimate', 'inserted_at'],
      properties: EVENT_FIELDS,
      additionalProperties: true,
    },
  }),
  window: frameSchema('window', 'The window has changed: read it again', {
    needs_compaction: { type: 'boolean' },
    used_tokens: INTEGER,
  }),
  compaction: {
    ...COMPACTION,
    properties: {
      ...COMPACTION.properties,
      withdrawn: {
        type: 'boolean',
        description: 'True if nothing takes the place of the events: they were withdrawn. Otherwise absent.',
      },
      undoes: {
        type: 'integer',
        minimum: 1,
        description:
          'The version of the compaction that was undone: what it had replaced is back. Absent for a compaction.',
      },
    },
  },
  tombstoned: frameSchema('tombstoned', 'The conversation was deleted; the stream ends after this frame', {}),
  reset: frameSchema(
    'reset',
    'The log was replaced, for example by a restore or by a failover that lost changes: discard what you have and read again',
    {},
  ),
  gap: frameSchema(
    'gap',
    'The stream skips the changes `expected` … `actual` and continues after `version`: read the skipped changes from the log',
    {
      expected: INTEGER,
      actual: INTEGER,
      reason: { type: 'string', enum: ['cursor_ahead', 'slow_reader'] },
    },
  ),
  ping: frameSchema('ping', 'A heartbeat: reply with any frame', {}),
} as const satisfies Record<string, JsonSchema>;

export type FrameType = keyof typeof FRAME_SCHEMAS;

/** The content of each type of frame, without `type`. */
export type Frames = {
  [Type in FrameType]: Omit<FromSchema<(typeof FRAME_SCHEMAS)[Type]>, 'type'>;
};

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
