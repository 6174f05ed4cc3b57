import type { Statement } from '../database/statement.js';
import { RECORD } from './record-columns.js';

/** The filter that every conversation has. */
const ALL = "'00000000-0000-0000-0000-000000000000'::uuid";

/** How many entries of all filters together are counted to find out which of several filters is the rarest. */
const COUNTED_ENTRIES = 5000;

/**
 * A page of conversations of namespace $1, newest first: those with tombstone or without ($2) that have the keys $3 with the values $4
 * (arrays) in their metadata. It begins after the entry ($5 hour, $6 time of creation, $7 id). At most $8 entries are read, and at most
 * $9 conversations and $10 bytes of records returned, but at least one.
 *
 * The entries of the rarest filter are read in their order, and of each the other filters are looked up. How many conversations there
 * are does not matter.
 *
 * "found" is the number of conversations among the entries, without the limit of bytes. The "last" columns are the last entry that was
 * read, if all $8 were; then there may be more. A page without conversations is one row with nothing else.
 *
 * @param order the columns before the id that order the entries
 */
function listPage(...order: string[]): string {
  const columns = [...order, 'conversation_id'];
  const descending = (table: string) => columns.map((column) => `${table}.${column} DESC`).join(', ');
  const after = order.length === 2 ? '$5::timestamptz, $6::timestamptz, $7' : '$6::timestamptz, $7';
  return `
    WITH filters AS MATERIALIZED (
      SELECT fastpaca.list_filter(key, value) AS filter FROM unnest($3::text[], $4::text[]) AS f (key, value)
       UNION ALL
      SELECT ${ALL} WHERE cardinality($3::text[]) = 0
    ), rarest AS MATERIALIZED (
      SELECT f.filter
        FROM filters f
       CROSS JOIN LATERAL (SELECT count(*) AS count
                             FROM (SELECT FROM fastpaca.conversation_lists
                                    WHERE namespace = $1 AND filter = f.filter AND tombstoned = $2
                                    LIMIT CASE WHEN cardinality($3::text[]) > 1
                                               THEN ${COUNTED_ENTRIES} / cardinality($3::text[]) ELSE 0 END) e) c
       ORDER BY c.count LIMIT 1
    ), entries AS MATERIALIZED (
      SELECT active_hour, created_at, conversation_id
        FROM fastpaca.conversation_lists
       WHERE namespace = $1 AND filter = (SELECT filter FROM rarest) AND tombstoned = $2
         AND (${columns.join(', ')}) < (${after}) AND $5::timestamptz IS NOT NULL
       ORDER BY ${columns.map((column) => `${column} DESC`).join(', ')}
       LIMIT $8
    ), found AS MATERIALIZED (
      SELECT * FROM entries e
       WHERE NOT EXISTS (SELECT FROM filters f
                          WHERE f.filter <> (SELECT filter FROM rarest)
                            AND NOT EXISTS (SELECT FROM fastpaca.conversation_lists l
                                             WHERE l.namespace = $1 AND l.conversation_id = e.conversation_id
                                               AND l.filter = f.filter))
       ORDER BY ${descending('e')}
       LIMIT $9
    )
    SELECT last.active_hour AS "lastHour", last.created_at AS "lastCreatedAt", last.conversation_id AS "lastId",
           (SELECT count(*) FROM found) AS found, page.*
      FROM (SELECT) one
      LEFT JOIN (SELECT * FROM entries e ORDER BY ${descending('e')} OFFSET $8::bigint - 1) last ON true
      LEFT JOIN (SELECT r.*, row_number() OVER (ORDER BY ${descending('r')}) AS n,
                        sum(octet_length(r.metadata::text) + octet_length(r."policyConfig"::text))
                          OVER (ORDER BY ${descending('r')}) AS bytes
                   FROM (SELECT f.active_hour, f.created_at, f.conversation_id, c.*
                           FROM found f
                          CROSS JOIN LATERAL (SELECT ${RECORD} FROM fastpaca.conversations
                                               WHERE namespace = $1 AND id = f.conversation_id LIMIT 1) c) r
                ) page ON page.n = 1 OR page.bytes <= $10
     ORDER BY page.n`;
}

export const LIST_BY_ACTIVITY: Statement = {
  name: 'list_by_activity',
  text: listPage('active_hour', 'created_at'),
};

export const LIST_BY_CREATION: Statement = { name: 'list_by_creation', text: listPage('created_at') };

/**
 * Moves the conversations ($1[i], $2[i]) in the lists to the hour of their last change, and lists those that are not listed. Returns
 * the hour of each with its index i as "position". Writes and locks nothing for a conversation that is listed in its hour. The rows of
 * the others are locked in the order of the arrays, which must be the same on all nodes.
 */
export const LIST_ACTIVE: Statement = {
  name: 'list_active',
  writes: true,
  text: `
    SELECT c.position, c.hour, CASE WHEN c.is_listed THEN NULL ELSE fastpaca.list_conversation(c.namespace, c.id) END AS listed
      FROM (SELECT c.*, EXISTS (SELECT FROM fastpaca.conversation_lists l
                                 WHERE l.namespace = c.namespace AND l.conversation_id = c.id AND l.filter = ${ALL}
                                   AND l.active_hour = c.hour) AS is_listed
              FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS changed (namespace, id, position)
             CROSS JOIN LATERAL (SELECT c.namespace, c.id, fastpaca.hour_of(c.updated_at) AS hour, changed.position
                                   FROM fastpaca.conversations c
                                  WHERE c.namespace = changed.namespace AND c.id = changed.id LIMIT 1) c
             ORDER BY changed.position) c`,
};
