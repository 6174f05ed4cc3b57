// Reference: Fastify with group commit and nothing else. All events that arrive while a commit is in flight share the next
// statement. It validates nothing, counts no tokens, and has no idempotency keys and no guards.
import { APPEND_ROUTE, createPool, serve } from './server.mjs';

/** As many as in a batch of the service. */
const MAX_BATCH = 128;

const APPEND = {
  name: 'append',
  text: `
    WITH turn AS (
      SELECT id, body, n, row_number() OVER (PARTITION BY id ORDER BY n) AS nth, count(*) OVER (PARTITION BY id) AS size
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY t (id, body, n)
    ), head AS (
      UPDATE reference.conversations c
         SET last_seq = last_seq + size, version = version + size, tokens_total = tokens_total + 60 * size,
             updated_at = clock_timestamp()
        FROM (SELECT DISTINCT id, size FROM turn) t
       WHERE c.namespace = 'default' AND c.id = t.id
      RETURNING c.id, last_seq - size AS seq, version - size AS version, tokens_total - 60 * size AS tokens, updated_at
    ), stored AS (
      INSERT INTO reference.events
             (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at)
      SELECT 'default', id, head.seq + nth, head.version + nth, body::json, 60, head.tokens + 60 * nth, updated_at
        FROM turn JOIN head USING (id)
    )
    SELECT head.seq + nth AS seq, head.version + nth AS version FROM turn JOIN head USING (id) ORDER BY n`,
};

const pool = createPool();
const waiting = [];
let isCommitting = false;

async function commitAll() {
  if (isCommitting) return;
  isCommitting = true;
  while (waiting.length) await commit(waiting.splice(0, MAX_BATCH));
  isCommitting = false;
}

async function commit(batch) {
  try {
    const values = [batch.map(({ id }) => id), batch.map(({ body }) => body)];
    const { rows } = await pool.query({ ...APPEND, values });
    if (rows.length !== batch.length) throw new Error('a conversation is missing');
    batch.forEach(({ resolve }, index) => resolve(rows[index]));
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}

await serve((app) =>
  app.post(APPEND_ROUTE, async (request, reply) => {
    const { seq, version } = await new Promise((resolve, reject) => {
      waiting.push({ id: request.params.id, body: JSON.stringify(request.body.event), resolve, reject });
      void commitAll();
    });
    reply.code(201);
    return { seq: Number(seq), version: Number(version), token_estimate: 60 };
  }),
);
