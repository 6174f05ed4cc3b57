import type { Statement } from '../database/statement.js';
import { MAX_HEAD_LENGTH, MAX_PINNED_EVENTS } from './pins.js';

/** The time of a change. Like seqs, the times of a log never decrease. */
const NEXT_TIME = "GREATEST(updated_at, date_trunc('milliseconds', clock_timestamp()))";

/**
 * The head of a log after an append: it grows only while the log has nothing else.
 *
 * @param added how many events the append adds to such a head
 */
const headLength = (added: string) => `
             CASE WHEN COALESCE(c.head_length, 0) = c.last_seq
                  THEN LEAST(c.last_seq + ${added}, ${MAX_HEAD_LENGTH}) ELSE c.head_length END`;

/**
 * Appends one event to conversation ($1, $2). It does what `APPEND_TURN` does, in three quarters of the time, but only for
 * an event that is not pinned.
 *
 * $3 the version that the conversation must have (null skips that check); $4 body, $5 its tokens, $6 its tokens by part;
 * $7 the idempotency key; $8 the outline; $9 the model that the tokens were counted for; $10 is 1 for a system or developer
 * event, else 0.
 */
export const APPEND_EVENT: Statement = {
  name: 'append_event',
  writes: true,
  text: `
    WITH head AS (
      UPDATE fastpaca.conversations c
         SET last_seq = last_seq + 1,
             version = version + 1,
             tokens_total = tokens_total + $5::integer,
             head_length = ${headLength('$10::integer')},
             updated_at = ${NEXT_TIME}
       WHERE namespace = $1 AND id = $2 AND tombstoned_at IS NULL AND ($3::bigint IS NULL OR version = $3)
         AND model IS NOT DISTINCT FROM $9::text
      RETURNING last_seq, version, tokens_total, updated_at
    )
    INSERT INTO fastpaca.events (namespace, conversation_id, seq, version, body, token_estimate, tokens_total,
                                 part_tokens, idempotency_key, turn_size, inserted_at, outline)
    SELECT $1, $2, last_seq, version, $4::json, $5, tokens_total, $6::integer[], $7::text,
           CASE WHEN $7 IS NOT NULL THEN 1 END, updated_at, $8
      FROM head
    RETURNING seq, version, token_estimate AS "tokenEstimate"`,
};

/**
 * Appends a turn of $4 events to conversation ($1, $2).
 *
 * Guarantees: the row lock on the conversation queues concurrent appenders, so seqs have no gaps and commit in order.
 * All events or none. Writes nothing and returns no row if the conversation is missing, tombstoned, not at version $3
 * (null skips that check), or has another model than $11. A repeated idempotency key raises 23505 and undoes the
 * statement. Costs the same whatever the length of the log: counters and running total are in the conversation's row.
 *
 * $5 tokens of all events; $6 bodies, $7 their tokens, $8 their tokens by part and $10 their outlines, one element per event;
 * $9 the idempotency key; $11 the model that the tokens were counted for; $12 the number of system and developer events
 * before the first event of another role. No event is pinned.
 */
export const APPEND_TURN: Statement = { name: 'append_turn', writes: true, text: appendTurn() };

/**
 * As `APPEND_TURN`, for a turn with pinned events: $13 has their positions in the turn, from 1, ascending. Also writes nothing
 * if the conversation would have too many pinned events.
 */
export const APPEND_PINNED_TURN: Statement = {
  name: 'append_pinned_turn',
  writes: true,
  text: appendTurn({
    set: 'pinned_seqs = pinned_seqs || ARRAY(SELECT last_seq + n FROM unnest($13::integer[]) n),',
    where: `AND cardinality(pinned_seqs) + cardinality($13::integer[]) <= ${MAX_PINNED_EVENTS}`,
  }),
};

function appendTurn({ set, where } = { set: '', where: '' }): string {
  return `
    WITH head AS (
      UPDATE fastpaca.conversations c
         SET last_seq = last_seq + $4::integer,
             version = version + $4::integer,
             tokens_total = tokens_total + $5::bigint,
             head_length = ${headLength('$12::integer')},
             ${set}
             updated_at = ${NEXT_TIME}
       WHERE namespace = $1 AND id = $2 AND tombstoned_at IS NULL AND ($3::bigint IS NULL OR version = $3)
         AND model IS NOT DISTINCT FROM $11::text
         ${where}
      RETURNING last_seq - $4::integer AS seq, version - $4::integer AS version,
                tokens_total - $5::bigint AS tokens, updated_at
    )
    INSERT INTO fastpaca.events (namespace, conversation_id, seq, version, body, token_estimate, tokens_total,
                                 part_tokens, idempotency_key, turn_size, inserted_at, outline)
    SELECT $1, $2, head.seq + e.n, head.version + e.n, e.body::json, e.tokens,
           head.tokens + sum(e.tokens) OVER (ORDER BY e.n), e.part_tokens::integer[],
           CASE WHEN e.n = 1 THEN $9 END, CASE WHEN e.n = 1 AND $9 IS NOT NULL THEN $4::integer END, head.updated_at,
           e.outline
      FROM head, unnest($6::text[], $7::integer[], $8::text[], $10::text[]) WITH ORDINALITY
             AS e (body, tokens, part_tokens, outline, n)
    RETURNING seq, version, token_estimate AS "tokenEstimate"`;
}

/**
 * Appends groups of turns in one commit, each turn as `APPEND_TURN` would. A group has turns of one conversation. It is written as
 * a whole or not at all, and does not affect other groups. Groups of the same conversation must have different models, so at most
 * one of them is written.
 *
 * Per group: $1 namespace and $2 id of the conversation, $3 version that it must have (null skips that check), $4 model that the
 * tokens were counted for, $5 number of events, $6 their tokens, $7 number of system and developer events before the first event
 * of another role. Per event, in the order of the turns: $8 number of its group (from 1), $9 position in the group (from 1),
 * $10 body, $11 tokens, $12 tokens of the group through this event, $13 tokens by part, $14 outline. No event is pinned, and no
 * turn has an idempotency key.
 *
 * Guarantees: waits for no lock. Writes nothing of a group and returns no row for it if its conversation is missing, tombstoned,
 * locked by another transaction, not at its version, or has another model. "seqBefore" and "versionBefore" precede its first
 * event.
 */
export const APPEND_BATCH: Statement = { name: 'append_batch', writes: true, text: appendBatch() };

/**
 * As `APPEND_BATCH`, for turns with idempotency keys: per event, $15 the key of the turn that it begins, and $16 the size of that
 * turn; otherwise null. Writes nothing of a group, either, if its conversation has one of its keys. No two turns of a conversation
 * may have the same key. A key that another transaction inserts at the same time raises 23505 and undoes the whole statement.
 */
export const APPEND_KEYED_BATCH: Statement = {
  name: 'append_keyed_batch',
  writes: true,
  text: appendBatch({
    parameters: ', $15::text[], $16::integer[]',
    columns: ', idempotency_key, turn_size',
    where: `
       WHERE number NOT IN (
               SELECT number
                 FROM unnest($8::integer[], $15::text[]) AS k (number, key)
                 JOIN unnest($1::text[], $2::text[]) WITH ORDINALITY AS g (namespace, id, number) USING (number)
                CROSS JOIN LATERAL (SELECT FROM fastpaca.events e
                                     WHERE e.namespace = g.namespace AND e.conversation_id = g.id
                                       AND e.idempotency_key = k.key LIMIT 1) e
                WHERE k.key IS NOT NULL)`,
  }),
};

function appendBatch(keyed = { parameters: '', columns: '', where: '' }): string {
  return `
    WITH locked AS (
      SELECT g.*, c.*
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::integer[], $6::bigint[], $7::integer[])
               WITH ORDINALITY AS g (namespace, id, if_version, model, size, tokens, head_events, number)
       CROSS JOIN LATERAL (SELECT last_seq, version, tokens_total, ${NEXT_TIME} AS time
                             FROM fastpaca.conversations c
                            WHERE c.namespace = g.namespace AND c.id = g.id AND tombstoned_at IS NULL
                              AND (if_version IS NULL OR version = if_version) AND c.model IS NOT DISTINCT FROM g.model
                              FOR NO KEY UPDATE SKIP LOCKED) c${keyed.where}
    ), advanced AS (
      UPDATE fastpaca.conversations c
         SET last_seq = c.last_seq + l.size, version = c.version + l.size, tokens_total = c.tokens_total + l.tokens,
             head_length = ${headLength('l.head_events')}, updated_at = l.time
        FROM locked l
       WHERE c.namespace = l.namespace AND c.id = l.id
    ), inserted AS (
      INSERT INTO fastpaca.events (namespace, conversation_id, seq, version, body, token_estimate, tokens_total,
                                   part_tokens, outline, inserted_at${keyed.columns})
      SELECT l.namespace, l.id, l.last_seq + e.position, l.version + e.position, e.body, e.tokens,
             l.tokens_total + e.tokens_through, e.part_tokens::integer[], e.outline, l.time${keyed.columns}
        FROM unnest($8::integer[], $9::integer[], $10::json[], $11::integer[], $12::bigint[], $13::text[],
                    $14::text[]${keyed.parameters})
               AS e (number, position, body, tokens, tokens_through, part_tokens, outline${keyed.columns})
        JOIN locked l USING (number)
    )
    SELECT number, last_seq AS "seqBefore", version AS "versionBefore" FROM locked`;
}

/** Why an append to ($1, $2) with key $3 wrote nothing: the state of the conversation, and the turn that has the key. */
export const FIND_APPEND_REJECTION: Statement = {
  name: 'find_append_rejection',
  text: `
    SELECT c.version, c.tombstoned_at IS NOT NULL AS tombstoned, c.erased_at IS NOT NULL AS erased, c.model,
           cardinality(c.pinned_seqs) AS "pinnedCount", e.seq AS "turnSeq", e.turn_size AS "turnSize"
      FROM fastpaca.conversations c
      LEFT JOIN fastpaca.events e
             ON e.namespace = $1 AND e.conversation_id = $2 AND e.idempotency_key = $3
     WHERE c.namespace = $1 AND c.id = $2`,
};
