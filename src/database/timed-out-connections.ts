import { log } from '../common/logging/logger.js';
import { DatabaseClient } from './database-client.js';
import type { DatabaseServers } from './database-servers.js';

/**
 * Connections whose statement has timed out without a response. They stay in use, because their backends may be waiting for
 * a commit: closing a connection would not end its backend, and new connections would add backends until the server has
 * none left. Nothing is cancelled: cancelling the wait would make the commit visible although the standby lacks it. A
 * connection is closed when its backend no longer runs a statement, as after a network failure.
 */
export class TimedOutConnections {
  private readonly clients = new Set<DatabaseClient>();
  private check?: NodeJS.Timeout;

  /** @param checkIntervalMs how often the backends are checked, in milliseconds */
  constructor(
    private readonly servers: DatabaseServers,
    private readonly checkIntervalMs: number,
  ) {}

  /** @param done settles when the connection has been released */
  add(client: DatabaseClient, done: Promise<unknown>): void {
    log.warn(
      { count: this.clients.size + 1 },
      'a statement has timed out without a response; its connection stays in use',
    );
    this.clients.add(client);
    const remove = () => this.clients.delete(client);
    done.then(remove, remove);
    this.scheduleCheck();
  }

  /** Closes all of them. Whether their transactions are committed is unknown. */
  destroyAll(): void {
    clearTimeout(this.check);
    for (const client of this.clients) client.destroy();
  }

  private scheduleCheck(): void {
    if (this.check || this.clients.size === 0) return;
    this.check = setTimeout(() => {
      void this.destroyDead().finally(() => {
        this.check = undefined;
        this.scheduleCheck();
      });
    }, this.checkIntervalMs).unref();
  }

  private async destroyDead(): Promise<void> {
    const clients = [...this.clients];
    const active = await this.activeBackends(clients).catch(() => undefined);
    // The server is unreachable. It may still have the backends when it is reachable again.
    if (!active) return;
    for (const client of clients) if (!active.has(client.backendPid)) client.destroy();
  }

  /** Uses a connection outside the pool, whose connections may all be in use. */
  private async activeBackends(clients: readonly DatabaseClient[]): Promise<ReadonlySet<number>> {
    const client = new DatabaseClient({
      servers: this.servers,
      connectionTimeoutMillis: this.checkIntervalMs,
      query_timeout: this.checkIntervalMs,
    });
    try {
      await client.connect();
      const { rows } = await client.query<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE pid = ANY ($1) AND state = 'active'",
        [clients.map(({ backendPid }) => backendPid)],
      );
      return new Set(rows.map(({ pid }) => pid));
    } finally {
      client.destroy();
    }
  }
}
