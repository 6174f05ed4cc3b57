import { log } from '../common/logging/logger.js';
import { DatabaseClient } from './database-client.js';
import type { DatabaseServers } from './database-servers.js';

/**
 * Connections whose statement was not answered in time. They stay in use, because their backends may still be waiting
 * for a commit: closing the connection would not end the backend, and new connections would add to it until the server
 * has none left. Cancelling such a wait would make the commit visible although the standby lacks it, so nothing is
 * cancelled. What is found to have no working backend any more, as after a broken network, is closed.
 */
export class UnansweredConnections {
  private readonly clients = new Set<DatabaseClient>();
  private check?: NodeJS.Timeout;

  /** @param checkIntervalMs how often the server is asked about the backends, in milliseconds */
  constructor(
    private readonly servers: DatabaseServers,
    private readonly checkIntervalMs: number,
  ) {}

  /** @param done settles when the connection is in use no more */
  add(client: DatabaseClient, done: Promise<unknown>): void {
    log.warn({ count: this.clients.size + 1 }, 'a statement is not answered; its connection stays in use');
    this.clients.add(client);
    const remove = () => this.clients.delete(client);
    done.then(remove, remove);
    this.scheduleCheck();
  }

  /** Closes all of them; what their commits will have done is not known. */
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
    const asked = [...this.clients];
    const working = await this.workingBackends(asked).catch(() => undefined);
    // Nobody can be asked: a server that is away may have its backends still when it is back.
    if (!working) return;
    for (const client of asked) if (!working.has(client.backendPid)) client.destroy();
  }

  /** Asks on a connection of its own: all of the pool's may be in use. */
  private async workingBackends(clients: readonly DatabaseClient[]): Promise<ReadonlySet<number>> {
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
