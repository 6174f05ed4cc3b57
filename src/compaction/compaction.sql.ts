import type { Statement } from '../database/statement.js';

/** The value of `active_until` while no other compaction has replaced this one: the largest bigint. */
const STILL_ACTIVE = '9223372036854775807';

const IS_WITHDRAWAL = 'cardinality(message_tokens) = 0 AND undoes IS NULL AS withdrawn';

/**
 * The compactions of ($1, $2) that were active at version $3, ascending. For an earlier version it returns the compactions
 * of that version, whatever has been compacted since.
 */
export const ACTIVE_COMPACTIONS: Statement = {
  name: 'active_compactions',
  text: `
    SELECT version, from_seq AS "fromSeq", to_seq AS "toSeq", token_estimate AS "tokenEstimate",
           tokens_before AS "tokensBefore", tokens_through AS "tokensThrough", ${IS_WITHDRAWAL}
      FROM fastpaca.compactions
     WHERE namespace = $1 AND conversation_id = $2 AND active_until > $3 AND version <= $3
       AND (replaced IS NULL OR NOT replaced @> $3::bigint)
     ORDER BY from_seq`,
};

/** The compactions and undos of ($1, $2) after version $3, by version, at most $4. */
export const COMPACTIONS_AFTER: Statement = {
  name: 'compactions_after',
  text: `
    SELECT version, from_seq AS "fromSeq", to_seq AS "toSeq", inserted_at AS "insertedAt", undoes, ${IS_WITHDRAWAL}
      FROM fastpaca.compactions
     WHERE namespace = $1 AND conversation_id = $2 AND version > $3
     ORDER BY version LIMIT $4`,
};

/** The last compaction or undo of ($1, $2) up to version $3: its version, and the end of the log at that version. */
export const LAST_COMPACTION: Statement = {
  name: 'last_compaction',
  text: `
    SELECT version, last_seq AS "lastSeq"
      FROM fastpaca.compactions
     WHERE namespace = $1 AND conversation_id = $2 AND version <= $3
     ORDER BY version DESC LIMIT 1`,
};

/**
 * The replacement messages of the compactions $3 (versions) of ($1, $2): those of the newest ranges that fit $4 bytes of
 * messages.
 */
export const FIND_SUMMARIES: Statement = {
  name: 'find_summaries',
  text: `
    SELECT version, replacement, message_tokens AS "messageTokens", inserted_at AS "insertedAt"
      FROM (SELECT *, sum(octet_length(replacement::text)) OVER (ORDER BY from_seq DESC) AS bytes
              FROM fastpaca.compactions
             WHERE namespace = $1 AND conversation_id = $2 AND version = ANY ($3::bigint[])) c
     WHERE bytes <= $4`,
};

/** Marks the compactions $4 (versions) of ($1, $2) as replaced by the compaction of version $3. */
export const SUPERSEDE_COMPACTIONS: Statement = {
  name: 'supersede_compactions',
  writes: true,
  text: `
    UPDATE fastpaca.compactions SET active_until = $3
     WHERE namespace = $1 AND conversation_id = $2 AND version = ANY ($4::bigint[])`,
};

export const INSERT_COMPACTION: Statement = {
  name: 'insert_compaction',
  writes: true,
  text: `
    INSERT INTO fastpaca.compactions (namespace, conversation_id, version, from_seq, to_seq, last_seq, tokens_before,
                                      tokens_through, replacement, message_tokens, token_estimate, inserted_at, active_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::json, $10::integer[], $11, $12, ${STILL_ACTIVE})`,
};

/** The replacements of all compactions of ($1, $2) after version $3, by version: at most $4, and $5 bytes, but at least one. */
export const REPLACEMENTS_AFTER: Statement = {
  name: 'replacements_after',
  text: `
    SELECT version, replacement
      FROM (${firstAfter('$3', '$4')}) c
     WHERE n = 1 OR bytes_through <= $5
     ORDER BY version`,
};

/**
 * Deletes the first compactions of ($1, $2) after version $3: at most $4, and $5 bytes, but at least one. "lastVersion" is the last of
 * them, or null. Another transaction may delete the same ones; the statement waits for it.
 */
export const DELETE_COMPACTIONS: Statement = {
  name: 'delete_compactions',
  writes: true,
  text: `
    WITH batch AS (
      SELECT min(version) AS first, max(version) AS last
        FROM (${firstAfter('$3', '$4')}) c
       WHERE n = 1 OR bytes_through <= $5
    ), deleted AS (
      DELETE FROM fastpaca.compactions
       WHERE namespace = $1 AND conversation_id = $2
         AND version BETWEEN (SELECT first FROM batch) AND (SELECT last FROM batch)
    )
    SELECT last AS "lastVersion" FROM batch`,
};

/** The compactions of ($1, $2) after a version, numbered by version, with the bytes of their replacements up to each. */
function firstAfter(version: string, limit: string): string {
  return `
    SELECT version, replacement, row_number() OVER (ORDER BY version) AS n,
           sum(octet_length(replacement::text)) OVER (ORDER BY version) AS bytes_through
      FROM (SELECT version, replacement FROM fastpaca.compactions
             WHERE namespace = $1 AND conversation_id = $2 AND version > ${version}
             ORDER BY version LIMIT ${limit}) c`;
}

/** The fields of a `ListedCompaction` without its messages. */
const LISTED = `
  version, from_seq AS "fromSeq", to_seq AS "toSeq", inserted_at AS "insertedAt", token_estimate AS "tokenEstimate", ${IS_WITHDRAWAL},
  CASE WHEN undone_at IS NULL AND active_until < ${STILL_ACTIVE} THEN active_until END AS "replacedAt", undone_at AS "undoneAt"`;

/** Compaction $3 of ($1, $2). */
export const FIND_COMPACTION: Statement = {
  name: 'find_compaction',
  text: `
    SELECT ${LISTED} FROM fastpaca.compactions
     WHERE namespace = $1 AND conversation_id = $2 AND version = $3 AND undoes IS NULL`,
};

/**
 * The compactions of ($1, $2) before version $3, newest first: at most $4, and at most $5 bytes of messages, but at least one.
 * "remaining" is how many of the $4 there are without the limit of bytes.
 */
export const LIST_COMPACTIONS: Statement = {
  name: 'list_compactions',
  text: `
    SELECT *
      FROM (SELECT ${LISTED}, replacement, count(*) OVER () AS remaining, row_number() OVER (ORDER BY version DESC) AS n,
                   sum(octet_length(replacement::text)) OVER (ORDER BY version DESC) AS bytes
              FROM (SELECT * FROM fastpaca.compactions
                     WHERE namespace = $1 AND conversation_id = $2 AND version < $3 AND undoes IS NULL
                     ORDER BY version DESC LIMIT $4) c) c
     WHERE n = 1 OR bytes <= $5
     ORDER BY version DESC`,
};

/** Makes what compaction $3 of ($1, $2) has replaced active again from version $4 on. */
export const RESTORE_REPLACED: Statement = {
  name: 'restore_replaced',
  writes: true,
  text: `
    UPDATE fastpaca.compactions
       SET active_until = ${STILL_ACTIVE},
           replaced = COALESCE(replaced, '{}') + int8multirange(int8range($3::bigint, $4::bigint))
     WHERE namespace = $1 AND conversation_id = $2 AND active_until = $3::bigint`,
};

/** Ends compaction $3 of ($1, $2), which is active, with version $4: an undo. */
export const END_COMPACTION: Statement = {
  name: 'end_compaction',
  writes: true,
  text: `
    UPDATE fastpaca.compactions SET active_until = $4, undone_at = $4
     WHERE namespace = $1 AND conversation_id = $2 AND version = $3`,
};

/** The row of the undo of compaction $3 of ($1, $2), with version $4, end of the log $5 and time $6. It is never active. */
export const INSERT_UNDO: Statement = {
  name: 'insert_undo',
  writes: true,
  text: `
    INSERT INTO fastpaca.compactions (namespace, conversation_id, version, from_seq, to_seq, last_seq, tokens_before,
                                      tokens_through, replacement, message_tokens, token_estimate, inserted_at, active_until, undoes)
    SELECT namespace, conversation_id, $4::bigint, from_seq, to_seq, $5::bigint, tokens_before, tokens_through, '[]', '{}', 0,
           $6::timestamptz, $4::bigint, version
      FROM fastpaca.compactions
     WHERE namespace = $1 AND conversation_id = $2 AND version = $3`,
};
