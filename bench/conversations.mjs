import { appendBody } from './messages.mjs';

/** The service appends this log. Other logs repeat its events. */
const PATTERN = 'pattern-0';
const PATTERN_EVENTS = 200;
const NEWEST_200 = { strategy: 'last_n', config: { limit: 200 } };

/** Creates the conversations of a benchmark: by SQL, because many appends take time. */
export class Conversations {
  /** @param environment with a service that runs */
  constructor(environment) {
    this.environment = environment;
    this.sql = environment.sql;
  }

  /** Creates empty conversations `<prefix>-0` … `<prefix>-<count − 1>` with a budget of 1,000,000 tokens. */
  async create(prefix, count, { strategy, config } = NEWEST_200) {
    await this.sql.query(
      `INSERT INTO fastpaca.conversations
              (namespace, id, token_budget, trigger_ratio, policy_strategy, policy_config, metadata)
       SELECT 'default', $1 || '-' || n, 1000000, 0.7, $3, $4, '{}' FROM generate_series(0, $2 - 1) n
           ON CONFLICT DO NOTHING`,
      [prefix, count, strategy, config],
    );
    await this.sql.query('VACUUM ANALYZE fastpaca.conversations');
  }

  /** Creates conversations with logs of `length` messages of about 300 bytes, as the service would store them. */
  async createWithLogs(prefix, count, length, policy) {
    await this.#appendPattern();
    await this.create(prefix, count, policy);
    const copied = {
      conversation_id: `$1::text || '-' || n`,
      seq: 's.seq',
      version: 's.seq',
      tokens_total: `e.tokens_total + (s.seq - 1) / ${PATTERN_EVENTS} * p.tokens_total`,
    };
    const { rows } = await this.sql.query(`
      SELECT quote_ident(column_name) AS name FROM information_schema.columns
       WHERE table_schema = 'fastpaca' AND table_name = 'events'`);
    const columns = rows.map(({ name }) => name);
    await this.sql.query(
      `INSERT INTO fastpaca.events (${columns.join()})
       SELECT ${columns.map((name) => copied[name] ?? `e.${name}`).join()}
         FROM generate_series(0, $2::integer - 1) n
        CROSS JOIN generate_series(1, $3::bigint) s (seq)
         JOIN fastpaca.conversations p ON p.id = '${PATTERN}'
         JOIN fastpaca.events e ON e.conversation_id = p.id AND e.seq = (s.seq - 1) % ${PATTERN_EVENTS} + 1`,
      [prefix, count, length],
    );
    await this.sql.query(
      `UPDATE fastpaca.conversations c
          SET version = last.version, last_seq = last.seq, tokens_total = last.tokens_total, head_length = p.head_length
         FROM fastpaca.events last, fastpaca.conversations p
        WHERE c.id LIKE $1 || '-%' AND last.conversation_id = c.id AND last.seq = $2 AND p.id = '${PATTERN}'`,
      [prefix, length],
    );
    await this.sql.query('VACUUM ANALYZE fastpaca.conversations, fastpaca.events');
  }

  async #appendPattern() {
    const { rowCount } = await this.sql.query('SELECT FROM fastpaca.conversations WHERE id = $1', [PATTERN]);
    if (rowCount) return;
    await this.create('pattern', 1);
    for (let first = 0; first < PATTERN_EVENTS; first += 20) {
      const events = Array.from({ length: 20 }, (_, n) => JSON.parse(appendBody(first + n)).event);
      const response = await fetch(`${this.environment.url}/v1/conversations/${PATTERN}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ events }),
      });
      if (!response.ok) throw new Error(`the pattern: ${response.status} ${await response.text()}`);
    }
  }
}
