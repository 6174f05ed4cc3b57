import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ConversationId } from '../common/conversation-id.js';
import { log } from '../common/logging/logger.js';
import { AppConfig } from '../config/app-config.js';
import { ConversationChanges } from '../conversations/conversation-changes.js';
import { DatabaseClient } from '../database/database-client.js';
import { DatabaseServers } from '../database/database-servers.js';

const CHANNEL = 'fastpaca_changes';
/** How long hints are gathered before they go out together, in milliseconds. */
const GATHER_MS = 25;
/** PostgreSQL's limit is 8000 bytes: https://www.postgresql.org/docs/current/sql-notify.html. */
const MAX_PAYLOAD_BYTES = 7500;
/** Most hints that wait while there is no connection; what is left out is found by the other nodes' polls. */
const MAX_WAITING = 10_000;
const RECONNECT_DELAYS_MS = [100, 500, 1000, 2000];
/** How often an idle connection is asked whether it is still there, in milliseconds. */
const PROBE_INTERVAL_MS = 5000;

/**
 * Tells other nodes by LISTEN/NOTIFY that a conversation has changed, on a connection of its own. Only hints: sent after
 * the commit, gathered, and lost without harm, for every node also polls.
 */
@Injectable()
export class ChangeNotifier implements OnModuleInit, OnApplicationShutdown {
  /** Keys of conversations, each `[namespace, id]` as JSON. Made anew whenever it is sent: see `AppendQueue`. */
  private waiting = new Set<string>();
  private readonly servers: DatabaseServers;
  private client?: DatabaseClient;
  private sending = false;
  private stopped = false;
  private probe?: NodeJS.Timeout;

  constructor(
    private readonly changes: ConversationChanges,
    private readonly config: AppConfig,
  ) {
    this.servers = new DatabaseServers(config.databaseUrl ?? '');
  }

  onModuleInit(): void {
    this.changes.onCommit((id) => this.tell(id));
    void this.keepConnected();
    this.probe = setInterval(() => {
      this.client?.query('SELECT 1').catch(() => this.client?.end().catch(() => undefined));
    }, PROBE_INTERVAL_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.probe);
    await this.client?.end().catch(() => undefined);
  }

  /** Has the other nodes told, soon. Never waits, never fails. */
  private tell({ key }: ConversationId): void {
    if (this.waiting.size >= MAX_WAITING) return;
    this.waiting.add(key);
    if (!this.sending) void this.sendWaiting();
  }

  private async sendWaiting(): Promise<void> {
    this.sending = true;
    try {
      while (this.waiting.size && this.client) {
        await delay(GATHER_MS);
        await this.client.query('SELECT pg_notify($1, $2)', [CHANNEL, this.takePayload()]);
      }
    } catch {
      // The connection is gone; the polls find what this would have told.
    } finally {
      this.sending = false;
    }
  }

  /** As many hints as fit one notification: `[[namespace, id], …]`. */
  private takePayload(): string {
    const taken: string[] = [];
    let bytes = 2;
    for (const key of this.waiting) {
      bytes += Buffer.byteLength(key) + 1;
      if (bytes > MAX_PAYLOAD_BYTES) break;
      taken.push(key);
    }
    this.waiting = new Set([...this.waiting].slice(taken.length));
    return `[${taken.join(',')}]`;
  }

  private async keepConnected(): Promise<void> {
    for (let attempt = 0; !this.isStopped(); attempt += 1) {
      const client = new DatabaseClient({
        servers: this.servers,
        application_name: `fastpaca ${this.config.nodeName} hints`,
        connectionTimeoutMillis: this.config.databaseTimeoutMs,
        query_timeout: this.config.databaseTimeoutMs,
        keepAlive: true,
      });
      const ended = new Promise<void>((resolve) => client.once('end', resolve));
      client.on('notification', ({ processId, payload }) => {
        if (client.backendPid !== processId) this.receive(payload ?? '');
      });
      try {
        await client.connect();
        // A hint need not survive a crash: its commit does not wait for the disk.
        await client.query('SET synchronous_commit = off');
        await client.query(`LISTEN ${CHANNEL}`);
        if (this.isStopped()) void client.end();
        this.client = client;
        attempt = 0;
        if (this.waiting.size && !this.sending) void this.sendWaiting();
        await ended;
      } catch (error) {
        if (!this.isStopped()) {
          log.warn(
            { err: error },
            'no connection for hints between nodes; polling finds the changes meanwhile',
          );
        }
        await client.end().catch(() => undefined);
      }
      this.client = undefined;
      if (!this.isStopped()) {
        await delay(RECONNECT_DELAYS_MS[Math.min(attempt, RECONNECT_DELAYS_MS.length - 1)], undefined, {
          ref: false,
        });
      }
    }
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  private receive(payload: string): void {
    try {
      for (const [namespace, id] of JSON.parse(payload) as [string, string][])
        this.changes.heard(new ConversationId(namespace, id));
    } catch {
      log.warn('a notification on the channel of hints is not one of ours');
    }
  }
}
