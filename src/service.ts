import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedPostgresError, SupervisedPostgres } from '@fastpaca/local-postgres';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { checkListenAddress, ListenError } from './common/http/listen-address.js';
import { isLoopback } from './common/http/origin.js';
import { log } from './common/logging/logger.js';
import type { AppConfig } from './config/app-config.js';
import { createApp } from './create-app.js';
import { Lifecycle } from './lifecycle/lifecycle.js';
import { collectGarbageWhenIdle } from './lifecycle/idle-collection.js';

/** The process as a whole: its own database if it needs one, the application, and their orderly end. */
export class Service {
  private constructor(
    private readonly config: AppConfig,
    private readonly app: NestFastifyApplication,
    private readonly postgres: SupervisedPostgres | undefined,
  ) {}

  /**
   * Starts everything; when it resolves, requests are answered.
   *
   * @throws ListenError the address cannot be used; nearly always found before a database is created or migrated
   */
  static async start(given: AppConfig): Promise<Service> {
    await checkListenAddress(given);
    const postgres = given.databaseUrl ? undefined : await startPostgres(given);
    try {
      const config = given.databaseUrl ? given : given.withDatabaseUrl(postgres?.url ?? '');
      const app = await createApp(config);
      const address = { port: config.port, host: config.host, backlog: config.backlog };
      await app.listen(address).catch((error: unknown) => {
        throw new ListenError(config, error);
      });
      const lifecycle = app.get(Lifecycle);
      lifecycle.started();
      collectGarbageWhenIdle(() => lifecycle.isIdle);
      announce(config, await app.getUrl(), postgres !== undefined);
      return new Service(config, app, postgres);
    } catch (error) {
      await postgres?.stop();
      throw error;
    }
  }

  /**
   * Not ready at once; requests under way finish, connections close, the database stops: all within
   * `SHUTDOWN_TIMEOUT_MS`. From half of that time on, connections that wait for their client are ended: uploads that are
   * not complete, and answers that are not taken. Nothing that was acknowledged depends on them.
   *
   * @returns whether everything ended in time
   */
  async stop(): Promise<boolean> {
    const { shutdownTimeoutMs } = this.config;
    const end = (async () => {
      await this.app.get(Lifecycle).drain(shutdownTimeoutMs);
      await this.app.close();
      await this.postgres?.stop();
      return true;
    })().catch((error: unknown) => {
      log.error({ err: error }, 'the stop failed');
      return false;
    });
    const clean = await Promise.race([end, delay(shutdownTimeoutMs, false, { ref: false })]);
    log.info({ clean }, 'stopped');
    return clean;
  }
}

/** @throws EmbeddedPostgresError with one line: the problem, what to do about it, and the variables for it */
async function startPostgres({ dataDir }: AppConfig): Promise<SupervisedPostgres> {
  try {
    return await SupervisedPostgres.start({
      dataDir,
      name: 'fastpaca',
      onLog: (line) => log.debug({ line }, 'postgres'),
      onExit: (attempt) => log.error({ attempt }, 'the embedded database has exited; restarting it'),
      onRestartError: (error) => log.error({ err: error }, 'the embedded database could not be restarted'),
    });
  } catch (error) {
    if (!(error instanceof EmbeddedPostgresError)) throw error;
    throw new EmbeddedPostgresError(
      `${error.message} (DATA_DIR sets the data folder, DATABASE_URL a server of your own)`,
      { cause: error },
    );
  }
}

function announce(config: AppConfig, url: string, embedded: boolean): void {
  if (config.apiKeys.length === 0 && !isLoopback(config.host)) {
    log.warn(
      `NO API KEY IS SET and the service listens on ${config.host}: anybody who reaches it can read and write every conversation. ` +
        'Set FASTPACA_API_KEY, or HOST=127.0.0.1. Until then only web pages are kept out, except those of ' +
        'FASTPACA_ALLOWED_ORIGINS, and requests for other hosts than localhost, HOST and FASTPACA_ALLOWED_HOSTS.',
    );
  }
  const database = embedded ? `embedded PostgreSQL in ${config.dataDir}` : 'PostgreSQL of DATABASE_URL';
  log.info(
    { url, node: config.nodeName, database },
    `Fastpaca listens on ${url} (API under ${url}/v1, docs at ${url}/docs)`,
  );
}
