import type { Statement } from '../database/statement.js';

/** What `active_until` holds while nothing has replaced the compaction: the largest bigint. */
const STILL_ACTIVE = '9223372036854775807';

/**
 * The compactions of ($1, $2) that were active at version $3, ascending. Asked with a version that was read before, it
 * gives the timeline of that version, whatever was compacted since.
 */
export const ACTIVE_COMPACTIONS: Statement = {
  name: 'active_compactions',
  text: `
    SELECT version, from_seq AS "fromSeq", to_seq AS "toSeq", token_estimate AS "tokenEstimate",
           tokens_before AS "tokensBefore", tokens_through AS "tokensThrough"
      FROM fastpaca.compactions
     WHERE namespace = $1 AND conversation_id = $2 AND active_until > $3 AND version <= $3
     ORDER BY from_seq`,
};

/** The compactions of ($1, $2) after version $3, by version, at most $4. */
export const COMPACTIONS_AFTER: Statement = {
  name: 'compactions_after',
  text: `
    SELECT version, from_seq AS "fromSeq", to_seq AS "toSeq", inserted_at AS "insertedAt"
      FROM fastpaca.compactions
     WHERE namespace = $1 AND conversation_id = $2 AND version > $3
     ORDER BY version LIMIT $4`,
};

/** The last compaction of ($1, $2) up to version $3: that version, and the end of the log when it happened. */
export const LAST_COMPACTION: Statement = {
  name: 'last_compaction',
  text: `
    SELECT version, last_seq AS "lastSeq"
      FROM fastpaca.compactions
     WHERE namespace = $1 AND conversation_id = $2 AND version <= $3
     ORDER BY version DESC LIMIT 1`,
};

/**
 * The replacement messages of the compactions $3 (versions) of ($1, $2): of the newest ranges, as far as $4 bytes of
 * messages reach.
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

/** Ends the compactions $4 (versions) of ($1, $2) at version $3, the one that replaces them. */
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
