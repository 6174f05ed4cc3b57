import type { Statement } from '../database/statement.js';

/** The value of `active_until` while no other compaction has replaced this one: the largest bigint. */
const STILL_ACTIVE = '9223372036854775807';

const IS_WITHDRAWAL = 'cardinality(message_tokens) = 0 AS withdrawn';

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
     ORDER BY from_seq`,
};

/** The compactions of ($1, $2) after version $3, by version, at most $4. */
export const COMPACTIONS_AFTER: Statement = {
  name: 'compactions_after',
  text: `
    SELECT version, from_seq AS "fromSeq", to_seq AS "toSeq", inserted_at AS "insertedAt", ${IS_WITHDRAWAL}
      FROM fastpaca.compactions
     WHERE namespace = $1 AND conversation_id = $2 AND version > $3
     ORDER BY version LIMIT $4`,
};

/** The last compaction of ($1, $2) up to version $3: its version, and the end of the log at that version. */
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
