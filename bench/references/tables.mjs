/** Tables of the same shape as those of the service, with the columns that an append and a read need. */
export async function createTables(sql) {
  await sql.query(`
    CREATE SCHEMA IF NOT EXISTS reference;
    CREATE TABLE IF NOT EXISTS reference.conversations (
      namespace        text           NOT NULL,
      id               text           NOT NULL,
      version          bigint         NOT NULL,
      last_seq         bigint         NOT NULL,
      tokens_total     bigint         NOT NULL,
      updated_at       timestamptz(3) NOT NULL,
      PRIMARY KEY (namespace, id)
    ) WITH (fillfactor = 70);
    CREATE TABLE IF NOT EXISTS reference.events (
      namespace        text           NOT NULL,
      conversation_id  text           NOT NULL,
      seq              bigint         NOT NULL,
      version          bigint         NOT NULL,
      body             json           NOT NULL,
      token_estimate   integer        NOT NULL,
      tokens_total     bigint         NOT NULL,
      inserted_at      timestamptz(3) NOT NULL,
      PRIMARY KEY (namespace, conversation_id, seq)
    )`);
}

/** Copies conversations of the service, `<prefix>-0` and so on, with their logs. */
export async function copyConversations(sql, prefix) {
  await createTables(sql);
  await sql.query(
    `INSERT INTO reference.conversations
     SELECT namespace, id, version, last_seq, tokens_total, updated_at
       FROM fastpaca.conversations WHERE id LIKE $1 || '-%' ON CONFLICT DO NOTHING`,
    [prefix],
  );
  await sql.query(
    `INSERT INTO reference.events
     SELECT namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at
       FROM fastpaca.events WHERE conversation_id LIKE $1 || '-%' ON CONFLICT DO NOTHING`,
    [prefix],
  );
  await sql.query('VACUUM ANALYZE reference.conversations, reference.events');
}
