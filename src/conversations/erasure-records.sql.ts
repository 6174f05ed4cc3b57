import type { Statement } from '../database/statement.js';

/** After so long, a sweeper goes on with an erasure that has not ended: its node may have died. */
const RESUME_AFTER = "interval '1 minute'";

/** What else becomes of the row of a conversation that is erased. It is tombstoned, too: appends look at nothing else. */
const REMOVE_TEXTS = `
           tombstoned_at = COALESCE(tombstoned_at, clock_timestamp()),
           updated_at = GREATEST(updated_at, date_trunc('milliseconds', clock_timestamp())),
           metadata = '{}', policy_strategy = 'last_n', policy_config = '{}', model = NULL`;

/** The fields of an `ErasureRecord`. */
const RECORD = `erased_at AS "erasedAt", erasure, erase_after IS NULL AS "isComplete"`;

/**
 * Marks conversation ($1, $2) as erased, removes the texts of its row, and takes it out of the lists. Writes nothing and returns no row if it does not exist or
 * is erased already. It is tombstoned, too: the statements that append look at nothing else.
 */
export const MARK_ERASED: Statement = {
  name: 'mark_erased',
  writes: true,
  text: `
    UPDATE fastpaca.conversations
       SET erased_at = date_trunc('milliseconds', clock_timestamp()), erase_after = clock_timestamp() + ${RESUME_AFTER},
           ${REMOVE_TEXTS}
     WHERE namespace = $1 AND id = $2 AND erased_at IS NULL
    RETURNING version, fastpaca.list_conversation(namespace, id) AS unlisted`,
};

/**
 * Looks at no more than $1 conversations with a time to live whose turn it is. Marks those as erased that have not changed for so long, and
 * notes when to look at the others again. Rows that another transaction has locked are left out: an append, or another sweeper.
 */
export const MARK_EXPIRED: Statement = {
  name: 'mark_expired',
  writes: true,
  text: `
    WITH candidates AS (
      SELECT namespace, id, updated_at + ttl_seconds * interval '1 second' AS expires_at
        FROM fastpaca.conversations
       WHERE erase_after <= clock_timestamp() AND erased_at IS NULL
       ORDER BY erase_after LIMIT $1 FOR UPDATE SKIP LOCKED
    ), due AS MATERIALIZED (
      SELECT *, COALESCE(expires_at <= clock_timestamp(), false) AS expired FROM candidates
    ), postponed AS (
      UPDATE fastpaca.conversations c SET erase_after = due.expires_at
        FROM due
       WHERE c.namespace = due.namespace AND c.id = due.id AND NOT due.expired
      RETURNING c.namespace, c.id, c.version, due.expired
    ), marked AS (
      UPDATE fastpaca.conversations c
         SET erased_at = date_trunc('milliseconds', clock_timestamp()), erase_after = clock_timestamp() + ${RESUME_AFTER},
             ${REMOVE_TEXTS}
        FROM due
       WHERE c.namespace = due.namespace AND c.id = due.id AND due.expired
      RETURNING c.namespace, c.id, c.version, due.expired, fastpaca.list_conversation(c.namespace, c.id) AS listed
    )
    SELECT namespace, id, version, expired FROM postponed UNION ALL SELECT namespace, id, version, expired FROM marked`,
};

/** The erasure of conversation ($1, $2), if the conversation exists. */
export const FIND_ERASURE: Statement = {
  name: 'find_erasure',
  text: `SELECT ${RECORD} FROM fastpaca.conversations WHERE namespace = $1 AND id = $2`,
};

/** Stores what the erased conversation ($1, $2) contains ($3), unless that is stored already: rows may be missing by now. */
export const SAVE_ERASURE: Statement = {
  name: 'save_erasure',
  writes: true,
  text: `
    UPDATE fastpaca.conversations SET erasure = $3::json
     WHERE namespace = $1 AND id = $2 AND erased_at IS NOT NULL AND erasure IS NULL`,
};

/** Ends the erasure of conversation ($1, $2), whose other rows are deleted. */
export const COMPLETE_ERASURE: Statement = {
  name: 'complete_erasure',
  writes: true,
  text: `
    UPDATE fastpaca.conversations
       SET erase_after = NULL, pinned_seqs = '{}', head_length = NULL, withdrawn_version = NULL
     WHERE namespace = $1 AND id = $2 AND erased_at IS NOT NULL
    RETURNING ${RECORD}`,
};

/** Takes at most $1 erasures that were interrupted, for this caller to go on with. Rows that another one has locked are left out. */
export const TAKE_INTERRUPTED: Statement = {
  name: 'take_interrupted',
  writes: true,
  text: `
    WITH due AS (
      SELECT namespace, id FROM fastpaca.conversations
       WHERE erase_after <= clock_timestamp() AND erased_at IS NOT NULL
       ORDER BY erase_after LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    UPDATE fastpaca.conversations c SET erase_after = clock_timestamp() + ${RESUME_AFTER}
      FROM due WHERE c.namespace = due.namespace AND c.id = due.id
    RETURNING c.namespace, c.id`,
};

/**
 * The conversations that were erased since $1, at most $2, with the clock of the database as "now". A row without an id stands for no
 * conversation.
 */
export const ERASED_SINCE: Statement = {
  name: 'erased_since',
  text: `
    SELECT c.namespace, c.id, clock_timestamp() AS now
      FROM (SELECT) one
      LEFT JOIN LATERAL (SELECT namespace, id FROM fastpaca.conversations
                          WHERE erased_at >= $1::timestamptz ORDER BY erased_at DESC LIMIT $2) c ON true`,
};
