import type { Statement } from '../database/statement.js';
import { RECORD } from './record-columns.js';

/**
 * The file that holds the rows of a table, which changes when the table is restored. A partitioned table has no file of
 * its own: the sum over its partitions changes instead, because PostgreSQL numbers new files upwards.
 */
const fileOf = (table: string) => `
    COALESCE(pg_relation_filenode('${table}')::bigint,
             (SELECT sum(pg_relation_filenode(relid)::bigint) FROM pg_partition_tree('${table}')))`;

/**
 * Names the history of the database that a record was read from. The name changes when another server takes over and when
 * the tables are restored. Caches are keyed by it, so nothing cached in one history is used in another. Any role may
 * read it. See docs/decisions/017.
 */
const HISTORY = `(SELECT concat_ws('-', extract(epoch FROM pg_postmaster_start_time()),
    ${fileOf('fastpaca.conversations')}, ${fileOf('fastpaca.events')}))`;

/** The learned factor of the conversation's model: `calibrations` belongs to calibration/, which writes it. */
const TOKEN_FACTOR = `COALESCE((SELECT factor FROM fastpaca.calibrations AS c
    WHERE c.namespace = conversations.namespace AND c.model = conversations.model), 1)`;

/** The fields that a `ConversationRecord` has in addition. */
const READ_CONTEXT = `clock_timestamp() AS now, ${HISTORY} AS history, ${TOKEN_FACTOR} AS "tokenFactor"`;

/** `updated_at` for a change made now. It never decreases, even if the clock is set back. */
const NOW = `GREATEST(updated_at, date_trunc('milliseconds', clock_timestamp()))`;

/** Updates the entries of a conversation in lists, in the statement that writes its record. */
const LISTED = 'fastpaca.list_conversation(namespace, id) AS listed';

/** When the sweeper looks at a conversation with this time to live; null without one. */
const eraseAfter = (ttlSeconds: string) =>
  `clock_timestamp() + NULLIF(${ttlSeconds}::integer, 0) * interval '1 second'`;

/**
 * Sets the time to live; null keeps it, and 0 removes it. Appends do not advance `erase_after`, which is in an index: the sweeper does
 * when it finds that the conversation has changed since.
 */
const setTimeToLive = (ttlSeconds: string) => `
           ttl_seconds = CASE WHEN ${ttlSeconds}::integer IS NULL THEN c.ttl_seconds ELSE NULLIF(${ttlSeconds}::integer, 0) END,
           erase_after = CASE WHEN ${ttlSeconds}::integer IS NULL THEN c.erase_after ELSE ${eraseAfter(ttlSeconds)} END`;

/** Reads conversation ($1, $2). */
export const FIND_CONVERSATION: Statement = {
  name: 'find_conversation',
  text: `SELECT ${RECORD}, ${READ_CONTEXT} FROM fastpaca.conversations WHERE namespace = $1 AND id = $2`,
};

/** Reads the conversations ($1[i], $2[i]) that exist, each with its index i as "position". */
export const FIND_CONVERSATIONS: Statement = {
  name: 'find_conversations',
  text: `
    SELECT ${RECORD}, ${READ_CONTEXT}, requested.position
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS requested (ns, conversation_id, position)
      JOIN fastpaca.conversations ON namespace = requested.ns AND id = requested.conversation_id`,
};

/** Reads conversation ($1, $2) and locks its row until the transaction ends: appends and other changes wait. */
export const LOCK_CONVERSATION: Statement = {
  name: 'lock_conversation',
  text: `SELECT ${RECORD} FROM fastpaca.conversations WHERE namespace = $1 AND id = $2 FOR UPDATE`,
};

/**
 * Creates conversation ($1, $2) or updates its settings, in one statement: of any number of concurrent calls, exactly
 * one creates it. Null ($4 ratio, $5 strategy, $6 config, $7 metadata, $11 model, $12 reserved tokens) keeps the current
 * value, as does null ($13 time to live in seconds; 0 removes it); a new conversation takes the defaults $8 (ratio), $9 (strategy) and $10 (config) instead. Writes nothing and
 * returns no row if the conversation is tombstoned, or if its reserved tokens would not be less than the budget $3.
 *
 * "created": an insert sets both times to the same value, and an update makes \`updated_at\` at least 1 ms later than
 * \`created_at\`. \`xmax = 0\` would tell the same, but a partitioned table has no system columns to return.
 */
export const PUT_CONVERSATION: Statement = {
  name: 'put_conversation',
  writes: true,
  text: `
    INSERT INTO fastpaca.conversations AS c
           (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata,
            model, reserve_tokens, ttl_seconds, erase_after, created_at, updated_at)
    VALUES ($1, $2, $3::integer, COALESCE($4::float8, $8::float8), COALESCE($5, $9),
            COALESCE($6::json, $10::json), COALESCE($7::json, '{}'), $11, COALESCE($12::bigint, 0),
            NULLIF($13::integer, 0), ${eraseAfter('$13')},
            date_trunc('milliseconds', statement_timestamp()), date_trunc('milliseconds', statement_timestamp()))
    ON CONFLICT (namespace, id) DO UPDATE
       SET token_budget = $3::integer,
           trigger_ratio = COALESCE($4::float8, c.trigger_ratio),
           policy_strategy = COALESCE($5, c.policy_strategy),
           policy_config = COALESCE($6::json, c.policy_config),
           metadata = COALESCE($7::json, c.metadata),
           model = COALESCE($11, c.model),
           reserve_tokens = COALESCE($12::bigint, c.reserve_tokens),
           ${setTimeToLive('$13')},
           updated_at = GREATEST(c.updated_at, date_trunc('milliseconds', clock_timestamp()),
                                 c.created_at + interval '1 millisecond')
     WHERE c.tombstoned_at IS NULL AND COALESCE($12::bigint, c.reserve_tokens) < $3::integer
    RETURNING ${RECORD}, created_at = updated_at AS created, ${LISTED}`,
};

/**
 * The same for a PUT without a budget, which can only update: $3 ratio, $4 strategy, $5 config, $6 metadata, $7 model,
 * $8 reserved tokens, $9 time to live.
 */
export const UPDATE_CONVERSATION: Statement = {
  name: 'update_conversation',
  writes: true,
  text: `
    UPDATE fastpaca.conversations AS c
       SET trigger_ratio = COALESCE($3::float8, trigger_ratio),
           policy_strategy = COALESCE($4, policy_strategy),
           policy_config = COALESCE($5::json, policy_config),
           metadata = COALESCE($6::json, metadata),
           model = COALESCE($7, model),
           reserve_tokens = COALESCE($8::bigint, reserve_tokens),
           ${setTimeToLive('$9')},
           updated_at = ${NOW}
     WHERE namespace = $1 AND id = $2 AND tombstoned_at IS NULL
       AND COALESCE($8::bigint, reserve_tokens) < token_budget
    RETURNING ${RECORD}, false AS created, ${LISTED}`,
};

/** Replaces the metadata of conversation ($1, $2). The transaction holds its row lock. */
export const SET_METADATA: Statement = {
  name: 'set_metadata',
  writes: true,
  text: `
    UPDATE fastpaca.conversations SET metadata = $3::json, updated_at = ${NOW}
     WHERE namespace = $1 AND id = $2
    RETURNING ${RECORD}, ${LISTED}`,
};

/** Tombstones conversation ($1, $2), unless it was erased. A repeated call keeps the time of the first. */
export const TOMBSTONE_CONVERSATION: Statement = {
  name: 'tombstone_conversation',
  writes: true,
  text: `
    UPDATE fastpaca.conversations
       SET tombstoned_at = COALESCE(tombstoned_at, clock_timestamp()),
           updated_at = CASE WHEN tombstoned_at IS NULL THEN ${NOW} ELSE updated_at END
     WHERE namespace = $1 AND id = $2 AND erased_at IS NULL
    RETURNING version, ${LISTED}`,
};

/**
 * Adds one version to conversation ($1, $2), for a compaction. $3 says whether it changes which events are withdrawn. The transaction
 * holds the row lock.
 */
export const ADVANCE_VERSION: Statement = {
  name: 'advance_version',
  writes: true,
  text: `
    UPDATE fastpaca.conversations
       SET version = version + 1, updated_at = ${NOW},
           withdrawn_version = CASE WHEN $3 THEN version + 1 ELSE withdrawn_version END
     WHERE namespace = $1 AND id = $2
    RETURNING version, updated_at AS "updatedAt"`,
};
