// The raw commit: a connection pool that runs one prepared append statement per commit, on the tables of the service, without
// HTTP. Takes its task as an argument, prints the results as JSON.
import pg from 'pg';
import { storedBody } from './messages.mjs';
import { Samples } from './samples.mjs';

const { databaseUrl, connections, conversations, ...limit } = JSON.parse(process.argv[2]);

const APPEND = {
  name: 'raw_append',
  text: `
    WITH head AS (
      UPDATE fastpaca.conversations
         SET last_seq = last_seq + 1, version = version + 1, tokens_total = tokens_total + 60, updated_at = now()
       WHERE namespace = 'default' AND id = $1
      RETURNING last_seq, version, tokens_total
    )
    INSERT INTO fastpaca.events (namespace, conversation_id, seq, version, body, token_estimate, tokens_total, inserted_at)
    SELECT 'default', $1, last_seq, version, $2, 60, tokens_total, now() FROM head
    RETURNING seq, version`,
};

const pool = new pg.Pool({ connectionString: databaseUrl, max: connections });
const samples = new Samples(limit);
await Promise.all(
  Array.from({ length: connections }, async (_, worker) => {
    const client = await pool.connect();
    for (let turn = worker; samples.begin(); turn += connections) {
      const startedAt = performance.now();
      await client.query({ ...APPEND, values: [`raw-${turn % conversations}`, storedBody(turn)] });
      samples.add(performance.now() - startedAt);
    }
    client.release();
  }),
);
const figures = samples.figures();
await pool.end();
console.log(JSON.stringify(figures));
