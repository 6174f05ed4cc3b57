import { DatabaseClient } from './database-client.js';
import { DatabaseServers } from './database-servers.js';
import type { DatabaseSettings } from './database.options.js';

/**
 * Removes every time limit that the server, the database or the role may set. The view lists only those that this
 * version of PostgreSQL knows.
 */
const WITHOUT_TIME_LIMITS = `
  SELECT set_config(name, '0', false) FROM pg_settings
   WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout',
                  'idle_in_transaction_session_timeout', 'idle_session_timeout')`;

/**
 * Runs `work` on a connection of its own, outside the pool and without its time limits, to the first server that accepts
 * writes. The connection is closed afterwards, which rolls back an open transaction.
 *
 * @param signal closes the connection at once, so that a statement in flight is rejected
 */
export async function withSession<T>(
  { databaseUrl, databaseTimeoutMs, nodeName }: DatabaseSettings,
  work: (client: DatabaseClient) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const servers = new DatabaseServers(databaseUrl ?? '');
  const client = await servers.tryEach(async () => {
    const attempt = new DatabaseClient({
      servers,
      application_name: `fastpaca ${nodeName}`,
      connectionTimeoutMillis: databaseTimeoutMs,
      keepAlive: true,
    });
    await attempt.connect();
    return attempt;
  });
  const destroy = () => client.destroy();
  signal?.addEventListener('abort', destroy);
  try {
    signal?.throwIfAborted();
    await client.query(WITHOUT_TIME_LIMITS);
    return await work(client);
  } finally {
    signal?.removeEventListener('abort', destroy);
    client.destroy();
  }
}
