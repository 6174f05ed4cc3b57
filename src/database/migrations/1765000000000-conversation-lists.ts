import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The entries of the lists of conversations, and the functions that keep them: see docs/decisions/033. Conversations that exist are
 * listed by this migration, in some minutes for a million of them; no other statement waits for it.
 *
 * A node of the version before changes no entries. A conversation that it creates meanwhile is listed after the first change by a node
 * of this version.
 */
export class ConversationLists1765000000000 implements MigrationInterface {
  readonly name = 'ConversationLists1765000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE fastpaca.conversation_lists (
        namespace        text           NOT NULL,
        conversation_id  text           NOT NULL,
        filter           uuid           NOT NULL,
        tombstoned       boolean        NOT NULL,
        active_hour      timestamptz(3) NOT NULL,
        created_at       timestamptz(3) NOT NULL,
        CONSTRAINT conversation_lists_pkey PRIMARY KEY (namespace, conversation_id, filter)
      )`);
    for (const statement of FUNCTIONS) await queryRunner.query(statement);
    await queryRunner.query(`
      INSERT INTO fastpaca.conversation_lists
      SELECT namespace, id, fastpaca.list_filters(metadata), tombstoned_at IS NOT NULL,
             fastpaca.hour_of(updated_at), created_at
        FROM fastpaca.conversations
       WHERE erased_at IS NULL`);
    await queryRunner.query(`
      CREATE INDEX conversation_lists_by_activity
        ON fastpaca.conversation_lists (namespace, filter, tombstoned, active_hour, created_at, conversation_id)`);
    await queryRunner.query(`
      CREATE INDEX conversation_lists_by_creation
        ON fastpaca.conversation_lists (namespace, filter, tombstoned, created_at, conversation_id)`);
    const comments = {
      filter: 'digest of a key of the metadata and its value; all zeros in one entry of every conversation',
      active_hour: 'the hour of updated_at',
    };
    for (const [column, comment] of Object.entries(comments))
      await queryRunner.query(`COMMENT ON COLUMN fastpaca.conversation_lists.${column} IS '${comment}'`);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations only go forward: restore a backup instead'));
  }
}

const FUNCTIONS = [
  // Hours begin with the epoch, whatever the time zone of the session is.
  `CREATE FUNCTION fastpaca.hour_of(moment timestamptz) RETURNS timestamptz
   LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
     SELECT date_bin('1 hour', moment, '1970-01-01 00:00:00+00')
   $$`,

  // The digest of a key and its value. STABLE, because PostgreSQL inlines it only then.
  `CREATE FUNCTION fastpaca.list_filter(key text, value text) RETURNS uuid
   LANGUAGE sql STABLE PARALLEL SAFE AS $$
     SELECT substring(encode(sha256(convert_to(length(key) || ':' || key || value, 'UTF8')), 'hex') FOR 32)::uuid
   $$`,

  // One for each of the first 100 keys with a string, a number or a boolean, and all zeros. PostgreSQL cannot read metadata with \\u0000
  // or with an unpaired surrogate: these have only the one of all zeros.
  `CREATE FUNCTION fastpaca.list_filters(metadata json) RETURNS SETOF uuid
   LANGUAGE plpgsql STABLE AS $$
   BEGIN
     RETURN NEXT '00000000-0000-0000-0000-000000000000'::uuid;
     BEGIN
       RETURN QUERY
       SELECT fastpaca.list_filter(m.key, m.value #>> '{}')
         FROM (SELECT DISTINCT ON (e.key) e.* FROM json_each(metadata) WITH ORDINALITY AS e (key, value, position)
                ORDER BY e.key, e.position DESC) m
        WHERE json_typeof(m.value) IN ('string', 'number', 'boolean')
        ORDER BY m.position LIMIT 100;
     EXCEPTION WHEN untranslatable_character OR invalid_text_representation THEN
     END;
   END
   $$`,

  // Makes the entries of a conversation what its record says; an erased one has none. The row lock orders it with changes of the record.
  `CREATE FUNCTION fastpaca.list_conversation(in_namespace text, in_id text) RETURNS void
   LANGUAGE plpgsql AS $$
   DECLARE
     is_tombstoned boolean;
     hour timestamptz;
     creation timestamptz;
     filters uuid[];
   BEGIN
     SELECT c.tombstoned_at IS NOT NULL, fastpaca.hour_of(c.updated_at), c.created_at,
            CASE WHEN c.erased_at IS NULL THEN ARRAY(SELECT fastpaca.list_filters(c.metadata)) ELSE '{}' END
       INTO is_tombstoned, hour, creation, filters
       FROM fastpaca.conversations c WHERE c.namespace = in_namespace AND c.id = in_id FOR NO KEY UPDATE;
     DELETE FROM fastpaca.conversation_lists l
      WHERE l.namespace = in_namespace AND l.conversation_id = in_id
        AND (l.filter <> ALL (filters) OR l.tombstoned <> is_tombstoned OR l.active_hour <> hour OR l.created_at <> creation);
     INSERT INTO fastpaca.conversation_lists
     SELECT in_namespace, in_id, filter, is_tombstoned, hour, creation
       FROM unnest(filters) AS filter
         ON CONFLICT DO NOTHING;
   END
   $$`,
];
