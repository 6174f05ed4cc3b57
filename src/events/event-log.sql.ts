import type { Statement } from '../database/statement.js';

/** The fields of a `EventWithTotal`, from a table or subquery with the alias e. */
const EVENT = `e.seq, e.version, e.token_estimate AS "tokenEstimate", e.part_tokens AS "partTokens",
  e.inserted_at AS "insertedAt", e.tokens_total AS "tokensThrough", e.outline, e.body`;

/**
 * A subquery for `packedEvents`. OFFSET 0 keeps the planner from merging it with the query around it: the text of each body is made
 * only once, and after rows were sorted.
 *
 * @param rows selects rows of the table of events, in the order in which they are packed
 */
const textsOf = (rows: string) => `
      (SELECT seq, version, token_estimate, part_tokens, inserted_at, tokens_total, outline, body::text AS body
         FROM (${rows} OFFSET 0) r OFFSET 0)`;

/** The size of the `body` of `textsOf`, in bytes. */
const TEXT_BYTES = 'octet_length(e.body)';

/**
 * `PackedEvents`, from a subquery with the alias e that has the columns of `textsOf`, in its order.
 *
 * @param filter selects the events
 */
const packedEvents = (filter = '') => `
    string_agg(e.body, E'\\x1e') ${filter} AS bodies,
    string_agg(COALESCE(e.outline, ''), E'\\x1e') ${filter} AS outlines,
    string_agg(COALESCE(e.part_tokens::text, ''), E'\\x1e') ${filter} AS "partTokens",
    string_agg(int8send(e.seq) || int8send(e.version) || int8send(e.tokens_total) || timestamptz_send(e.inserted_at)
                 || int4send(e.token_estimate), '') ${filter} AS numbers`;

/** The size of a body. PostgreSQL reads it from the header of the value and decompresses nothing. */
const BODY_BYTES = 'octet_length(e.body::text)';

/** Events $3 … $4 of ($1, $2), oldest first: at most $5 events and $6 bytes of bodies, but at least one event. */
export const READ_FORWARD: Statement = {
  name: 'read_forward',
  text: `
    SELECT ${packedEvents()}
      FROM (SELECT e.*, sum(${TEXT_BYTES}) OVER (ORDER BY e.seq ROWS UNBOUNDED PRECEDING) AS bytes_through
              FROM ${textsOf(`
              SELECT * FROM fastpaca.events
               WHERE namespace = $1 AND conversation_id = $2 AND seq BETWEEN $3 AND $4
               ORDER BY seq LIMIT $5`)} e
             ORDER BY e.seq) e
     WHERE bytes_through <= $6 OR bytes_through = ${TEXT_BYTES}`,
};

/** As `READ_FORWARD`, from the ranges $3 … $4 (arrays): at most $5 bytes of bodies. */
export const READ_FORWARD_RANGES: Statement = {
  name: 'read_forward_ranges',
  text: `
    SELECT ${packedEvents()}
      FROM (SELECT e.*, sum(${TEXT_BYTES}) OVER (ORDER BY e.seq ROWS UNBOUNDED PRECEDING) AS bytes_through
              FROM ${textsOf(`
              SELECT e.* FROM unnest($3::bigint[], $4::bigint[]) AS r (from_seq, to_seq)
               CROSS JOIN LATERAL (SELECT * FROM fastpaca.events
                                    WHERE namespace = $1 AND conversation_id = $2
                                      AND seq BETWEEN r.from_seq AND r.to_seq
                                    ORDER BY seq) e
               ORDER BY e.seq`)} e
             ORDER BY e.seq) e
     WHERE bytes_through <= $5 OR bytes_through = ${TEXT_BYTES}`,
};

/**
 * The newest events of ($1, $2) in the ranges $3 … $4 (arrays), newest first: at most $5 events and $6 bytes of bodies,
 * but at least one event.
 */
export const READ_BACKWARD: Statement = {
  name: 'read_backward',
  text: `
    SELECT ${packedEvents()}
      FROM (SELECT e.*, sum(${TEXT_BYTES}) OVER (ORDER BY e.seq DESC ROWS UNBOUNDED PRECEDING) AS bytes_through
              FROM ${textsOf(`
              SELECT e.* FROM unnest($3::bigint[], $4::bigint[]) AS r (from_seq, to_seq)
               CROSS JOIN LATERAL (SELECT * FROM fastpaca.events
                                    WHERE namespace = $1 AND conversation_id = $2
                                      AND seq BETWEEN r.from_seq AND r.to_seq
                                    ORDER BY seq DESC LIMIT $5) e
               ORDER BY e.seq DESC LIMIT $5`)} e
             ORDER BY e.seq DESC) e
     WHERE bytes_through <= $6 OR bytes_through = ${TEXT_BYTES}`,
};

/**
 * The pinned events of ($1, $2) after seq $4, oldest first: the first $3 events of the log, and those that were appended as
 * pinned, as "pinned" says. At most $5 bytes of bodies, but at least one event. "remaining" is how many there are without
 * that limit.
 */
export const READ_PINNED: Statement = {
  name: 'read_pinned',
  text: `
    SELECT ${EVENT}, e.pinned, e.remaining
      FROM (SELECT e.*, p.pinned, count(*) OVER () AS remaining, sum(${BODY_BYTES}) OVER (ORDER BY e.seq) AS bytes_through,
                   row_number() OVER (ORDER BY e.seq) AS n
              FROM (SELECT seq, bool_or(pinned) AS pinned
                      FROM (SELECT seq, false AS pinned FROM generate_series(1, $3::bigint) seq
                             UNION ALL
                            SELECT unnest(pinned_seqs), true
                              FROM fastpaca.conversations WHERE namespace = $1 AND id = $2) s
                     WHERE seq > $4 GROUP BY seq) p
             CROSS JOIN LATERAL (SELECT * FROM fastpaca.events
                                  WHERE namespace = $1 AND conversation_id = $2 AND seq = p.seq LIMIT 1) e) e
     WHERE n = 1 OR bytes_through <= $5
     ORDER BY e.seq`,
};

/** As `READ_BACKWARD`, without the bodies and without the limit of bytes: $5 is the number of events. */
export const READ_OUTLINES: Statement = {
  name: 'read_outlines',
  text: `
    SELECT e.seq, e.outline, e.token_estimate AS "tokenEstimate", e.tokens_total AS "tokensThrough"
      FROM unnest($3::bigint[], $4::bigint[]) AS r (from_seq, to_seq)
     CROSS JOIN LATERAL (SELECT * FROM fastpaca.events
                          WHERE namespace = $1 AND conversation_id = $2
                            AND seq BETWEEN r.from_seq AND r.to_seq
                          ORDER BY seq DESC LIMIT $5) e
     ORDER BY e.seq DESC LIMIT $5`,
};

/**
 * The events of ($1, $2) in the ranges $3 … $4 (arrays), newest first: of each range those with a running total before
 * them of at least $5 (array), and of all these the newest that fit $6 bytes of bodies.
 *
 * The running total grows with seq, so bisection finds the first event of each range: one lookup if the whole range
 * qualifies, otherwise at most as many as the length of the range has binary digits. The LIMIT of a lookup keeps it
 * separate: without it, a plan made while the table was small joins the whole conversation to the lookups (1,500 pages
 * instead of 16 for the newest 100 of 50,000 events).
 *
 * "tokensBefore" is the running total before event $3[1]. "skippedBytes" is the size of the newest event that no longer fits $6; null
 * if all fit.
 */
export const READ_SUFFIX: Statement = {
  name: 'read_suffix',
  text: `
    WITH RECURSIVE probe (from_seq, to_seq, min_tokens_before, lo, hi) AS (
      SELECT r.from_seq, r.to_seq, r.min_tokens_before, r.from_seq, r.to_seq + 1
        FROM unnest($3::bigint[], $4::bigint[], $5::bigint[]) AS r (from_seq, to_seq, min_tokens_before)
      UNION ALL
      SELECT p.from_seq, p.to_seq, p.min_tokens_before,
             CASE WHEN m.fits THEN p.lo ELSE p.mid + 1 END, CASE WHEN m.fits THEN p.mid ELSE p.hi END
        FROM (SELECT *, CASE WHEN lo = from_seq AND hi = to_seq + 1 THEN lo ELSE (lo + hi) / 2 END AS mid
                FROM probe WHERE lo < hi) p
       CROSS JOIN LATERAL (SELECT e.tokens_total - e.token_estimate >= p.min_tokens_before AS fits
                             FROM fastpaca.events e
                            WHERE e.namespace = $1 AND e.conversation_id = $2 AND e.seq = p.mid LIMIT 1) m
    )
    SELECT (SELECT e.tokens_total - e.token_estimate FROM fastpaca.events e
             WHERE e.namespace = $1 AND e.conversation_id = $2 AND e.seq = ($3::bigint[])[1]) AS "tokensBefore",
           max(${TEXT_BYTES}) FILTER (WHERE e.bytes > $6) AS "skippedBytes",
           ${packedEvents('FILTER (WHERE e.bytes <= $6)')}
      FROM (SELECT e.*, sum(${TEXT_BYTES}) OVER (ORDER BY e.seq DESC ROWS UNBOUNDED PRECEDING) AS bytes
              FROM ${textsOf(`
              SELECT e.* FROM probe p
               CROSS JOIN LATERAL (SELECT * FROM fastpaca.events
                                    WHERE namespace = $1 AND conversation_id = $2 AND seq BETWEEN p.lo AND p.to_seq
                                    ORDER BY seq) e
               WHERE p.lo = p.hi
               ORDER BY e.seq DESC`)} e
             ORDER BY e.seq DESC) e
     WHERE e.bytes - ${TEXT_BYTES} <= $6`,
};

/**
 * The first seq of ($1, $2) in 1 … $3 inserted at or after $4, or $3 + 1. The times of a log never decrease, so
 * bisection finds it; the LIMIT has the same reason as in `READ_SUFFIX`.
 */
export const FIRST_SINCE: Statement = {
  name: 'first_since',
  text: `
    WITH RECURSIVE probe (lo, hi) AS (
      SELECT 1::bigint, $3::bigint + 1
      UNION ALL
      SELECT CASE WHEN m.since THEN p.lo ELSE p.mid + 1 END, CASE WHEN m.since THEN p.mid ELSE p.hi END
        FROM (SELECT *, (lo + hi) / 2 AS mid FROM probe WHERE lo < hi) p
       CROSS JOIN LATERAL (SELECT e.inserted_at >= $4::timestamptz AS since FROM fastpaca.events e
                            WHERE e.namespace = $1 AND e.conversation_id = $2 AND e.seq = p.mid LIMIT 1) m
    )
    SELECT lo AS seq FROM probe WHERE lo = hi`,
};

/** The running total through event $3 of ($1, $2). */
export const TOKENS_THROUGH: Statement = {
  name: 'tokens_through',
  text: `SELECT tokens_total AS tokens FROM fastpaca.events WHERE namespace = $1 AND conversation_id = $2 AND seq = $3`,
};

/** The running totals through the events $3 of ($1, $2), one row per event. */
export const TOKENS_THROUGH_EACH: Statement = {
  name: 'tokens_through_each',
  text: `
    SELECT seq, tokens_total AS tokens FROM fastpaca.events
     WHERE namespace = $1 AND conversation_id = $2 AND seq = ANY ($3::bigint[])`,
};

/** The running total before event $3 and through event $4 of ($1, $2). */
export const TOKENS_OF_RANGE: Statement = {
  name: 'tokens_of_range',
  text: `
    SELECT first.tokens_total - first.token_estimate AS "tokensBefore", last.tokens_total AS "tokensThrough"
      FROM fastpaca.events first, fastpaca.events last
     WHERE first.namespace = $1 AND first.conversation_id = $2 AND first.seq = $3
       AND last.namespace = $1 AND last.conversation_id = $2 AND last.seq = $4`,
};

/**
 * Deletes the oldest events of ($1, $2) after seq $3: at most $4, and $5 bytes of bodies, but at least one. "lastSeq" is the last of
 * them, or null. Another transaction may delete the same events; the statement waits for it.
 */
export const DELETE_EVENTS: Statement = {
  name: 'delete_events',
  writes: true,
  text: `
    WITH batch AS (
      SELECT min(seq) AS first, max(seq) AS last
        FROM (SELECT e.seq, sum(${BODY_BYTES}) OVER (ORDER BY e.seq) AS bytes_through, row_number() OVER (ORDER BY e.seq) AS n
                FROM (SELECT * FROM fastpaca.events
                       WHERE namespace = $1 AND conversation_id = $2 AND seq > $3
                       ORDER BY seq LIMIT $4) e) e
       WHERE n = 1 OR bytes_through <= $5
    ), deleted AS (
      DELETE FROM fastpaca.events
       WHERE namespace = $1 AND conversation_id = $2
         AND seq BETWEEN (SELECT first FROM batch) AND (SELECT last FROM batch)
    )
    SELECT last AS "lastSeq" FROM batch`,
};
