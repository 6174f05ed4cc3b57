import type { Statement } from '../database/statement.js';

/**
 * Adds an entry to namespace $1. Its id is a UUID of version 7 (RFC 9562, method 3): 48 bits of milliseconds, the version, 12 bits of the
 * fraction, then random bits. PostgreSQL has a function for it since version 18 only.
 */
export const INSERT_AUDIT_ENTRY: Statement = {
  name: 'insert_audit_entry',
  writes: true,
  text: `
    WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
         time AS (SELECT now, (extract(epoch FROM now) * 1000000)::bigint AS us FROM clock)
    INSERT INTO fastpaca.audit_entries (namespace, id, action, subject, actor, request_id, recorded_at, details)
    SELECT $1,
           encode(
             overlay(
               overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send(us / 1000) FROM 3) FROM 1 FOR 6)
               PLACING int2send((x'7000'::int + us % 1000 * 4096 / 1000)::int2) FROM 7 FOR 2),
             'hex')::uuid,
           $2, $3, $4, $5, date_trunc('milliseconds', now), $6::json
      FROM time`,
};

/** The newest entries of namespace $1 before the entry $2 (null: the newest of all); at most $3. */
export const LIST_AUDIT_ENTRIES: Statement = {
  name: 'list_audit_entries',
  text: `
    SELECT namespace, id, action, subject, actor, request_id AS "requestId", recorded_at AS "recordedAt", details
      FROM fastpaca.audit_entries
     WHERE namespace = $1 AND id < COALESCE($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
     ORDER BY id DESC
     LIMIT $3`,
};
