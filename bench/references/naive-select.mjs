// Reference: Fastify on `pg`, as one would write it: an append is one statement and one commit, and a read selects the newest
// 200 rows. `pg` parses the messages, and `JSON.stringify` writes them.
import { APPEND_ROUTE, createPool, serve } from './server.mjs';

const APPEND = {
  name: 'append',
  text: `
    WITH head AS (
      UPDATE reference.conversations
         SET last_seq = last_seq + 1, version = version + 1, tokens_total = tokens_total + 60, updated_at = clock_timestamp()
       WHERE namespace = 'default' AND id = $1
      RETURNING last_seq, version, tokens_total, updated_at
    )
    INSERT INTO reference.events
           (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at)
    SELECT 'default', $1, last_seq, version, $2::json, 60, tokens_total, updated_at FROM head
    RETURNING seq, version`,
};

const NEWEST_200 = {
  name: 'newest_200',
  text: `
    SELECT seq, body, inserted_at FROM reference.events
     WHERE namespace = 'default' AND conversation_id = $1 ORDER BY seq DESC LIMIT 200`,
};

const pool = createPool();

await serve((app) => {
  app.post(APPEND_ROUTE, async (request, reply) => {
    const values = [request.params.id, JSON.stringify(request.body.event)];
    const { rows } = await pool.query({ ...APPEND, values });
    reply.code(201);
    return { seq: Number(rows[0].seq), version: Number(rows[0].version), token_estimate: 60 };
  });
  app.get('/v1/conversations/:id/window', async (request) => {
    const { rows } = await pool.query({ ...NEWEST_200, values: [request.params.id] });
    const messages = rows
      .reverse()
      .map(({ seq, body, inserted_at }) => ({ seq: Number(seq), ...body, inserted_at }));
    return { version: messages.at(-1)?.seq ?? 0, messages };
  });
});
