import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ConversationId } from '../common/conversation-id.js';
import { log } from '../common/logging/logger.js';
import { AppConfig } from '../config/app-config.js';
import { ConversationChanges } from '../conversations/conversation-changes.js';
import { DatabaseClient } from '../database/database-client.js';
import { DatabaseServers } from '../database/database-servers.js';

const CHANNEL = 'fastpaca_changes';
/** How long changed conversations are collected for one notification, in milliseconds. */
const COLLECT_MS = 25;
/** PostgreSQL's limit is 8000 bytes: https://www.postgresql.org/docs/current/sql-notify.html. */
const MAX_PAYLOAD_BYTES = 7500;
/** Limit of `pending` while there is no connection. The other nodes' polls find the changes of the rest. */
const MAX_PENDING = 10_000;
/** Delays before the next attempt to connect: the first after a lost connection, the next ones after each failure. */
const RECONNECT_DELAYS_MS = [100, 500, 1000, 2000];
/** How often an idle connection is checked, in milliseconds. */
const CHECK_INTERVAL_MS = 5000;

/**
 * Notifies the other nodes of changed conversations, with LISTEN and NOTIFY on a connection of its own. Notifications are
 * sent after the commit and collected. One that is lost costs a second, because every node also polls.
 */
@Injectable()
export class ChangeNotifier implements OnModuleInit, OnApplicationShutdown {
  /** Keys of changed conversations, `[namespace, id]` as JSON. A new set whenever some are sent: see `AppendQueue`. */
  private pending = new Set<string>();
  private isSending = false;
  /** The connection, while it listens. */
  private client?: DatabaseClient;
  private isStopped = false;
  private checkTimer?: NodeJS.Timeout;
  private readonly servers: DatabaseServers;

  constructor(
    private readonly changes: ConversationChanges,
    private readonly config: AppConfig,
  ) {
    this.servers = new DatabaseServers(config.databaseUrl ?? '');
  }

  onModuleInit(): void {
    this.changes.onCommit(({ id }) => this.enqueue(id));
    void this.stayConnected();
    this.checkTimer = setInterval(() => void this.checkConnection(), CHECK_INTERVAL_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.checkTimer);
    await this.client?.end().catch(() => undefined);
  }

  private enqueue({ key }: ConversationId): void {
    if (this.pending.size >= MAX_PENDING) return;
    this.pending.add(key);
    void this.sendPending();
  }

  /** Sends until nothing is pending or the connection is lost; one call at a time does the work. */
  private async sendPending(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    try {
      while (this.client && this.pending.size) {
        await delay(COLLECT_MS);
        await this.client.query('SELECT pg_notify($1, $2)', [CHANNEL, this.takePayload()]);
      }
    } catch {
      // The connection is lost, and with it this notification. The other nodes' polls find the changes.
    } finally {
      this.isSending = false;
    }
  }

  /** Takes as many pending conversations as fit one notification: `[[namespace, id], …]`. */
  private takePayload(): string {
    const keys: string[] = [];
    let bytes = 2;
    for (const key of this.pending) {
      bytes += Buffer.byteLength(key) + 1;
      if (bytes > MAX_PAYLOAD_BYTES) break;
      keys.push(key);
    }
    this.pending = new Set([...this.pending].slice(keys.length));
    return `[${keys.join(',')}]`;
  }

  private receive(payload: string): void {
    try {
      for (const [namespace, id] of JSON.parse(payload) as [string, string][])
        this.changes.publishChange(new ConversationId(namespace, id));
    } catch {
      log.warn({ channel: CHANNEL }, 'a notification on this channel does not come from Fastpaca');
    }
  }

  /** Connects, waits until the connection ends, and connects again, until the service stops. */
  private async stayConnected(): Promise<void> {
    for (let attempt = 0; !this.isStopped; attempt += 1) {
      const client = this.createClient();
      const ended = new Promise<void>((resolve) => client.once('end', resolve));
      if (await this.listen(client)) {
        attempt = 0;
        this.client = client;
        void this.sendPending();
        await ended;
        this.client = undefined;
      }
      const delayMs = RECONNECT_DELAYS_MS[Math.min(attempt, RECONNECT_DELAYS_MS.length - 1)];
      await delay(delayMs, undefined, { ref: false });
    }
  }

  private createClient(): DatabaseClient {
    const client = new DatabaseClient({
      servers: this.servers,
      application_name: `fastpaca ${this.config.nodeName} notifications`,
      connectionTimeoutMillis: this.config.databaseTimeoutMs,
      query_timeout: this.config.databaseTimeoutMs,
      keepAlive: true,
    });
    client.on('notification', ({ processId, payload }) => {
      const isOwn = processId === client.backendPid;
      if (!isOwn) this.receive(payload ?? '');
    });
    return client;
  }

  /** @returns whether the client is connected and listens; if not, it is closed */
  private async listen(client: DatabaseClient): Promise<boolean> {
    try {
      await client.connect();
      // A notification need not survive a crash: its commit does not wait for the disk.
      await client.query('SET synchronous_commit = off');
      await client.query(`LISTEN ${CHANNEL}`);
      if (!this.isStopped) return true;
    } catch (error) {
      if (!this.isStopped)
        log.warn(
          { err: error },
          'no connection for notifications between nodes; changes are found by polling',
        );
    }
    await client.end().catch(() => undefined);
    return false;
  }

  private async checkConnection(): Promise<void> {
    const { client } = this;
    try {
      await client?.query('SELECT 1');
    } catch {
      await client?.end().catch(() => undefined);
    }
  }
}
