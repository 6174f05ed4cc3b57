import { setTimeout as delay } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { announceStart } from './announce-start.js';
import { AUTHENTICATOR, type Authenticator } from './auth/authenticator.js';
import { checkListenAddress, ListenError } from './common/http/listen-address.js';
import { log } from './common/logging/logger.js';
import type { AppConfig } from './config/app-config.js';
import { createApp, type Additions } from './create-app.js';
import { startLocalPostgres, type LocalPostgres } from './local-postgres.js';
import { collectGarbageWhenIdle } from './lifecycle/idle-collection.js';
import { Lifecycle } from './lifecycle/lifecycle.js';

/** Starts and stops everything in the process: the embedded database, if there is one, and the application. */
export class Service {
  private constructor(
    private readonly config: AppConfig,
    /** The Nest application; `app.get(EventsService)` finds a provider. */
    readonly app: NestFastifyApplication,
    /** Where the service listens, such as `http://127.0.0.1:4000`. */
    readonly url: string,
    private readonly postgres: LocalPostgres | undefined,
  ) {}

  /**
   * Resolves when the service accepts requests.
   *
   * @param additions the module of a team, and what it replaces
   * @throws ListenError the address cannot be used; nearly always detected before a database is created or migrated
   * @throws UndeclaredScopeError a route of the team declares neither `@RequireScope(...)` nor `@Public()`
   * @internal
   */
  static async start(config: AppConfig, additions: Additions = {}): Promise<Service> {
    await checkListenAddress(config);
    const postgres = config.databaseUrl === undefined ? await startLocalPostgres(config) : undefined;
    try {
      const app = await createApp(postgres ? config.withDatabaseUrl(postgres.url) : config, additions);
      const service = await Service.listen(app, config, postgres);
      announceStart(service, config);
      return service;
    } catch (error) {
      await postgres?.stop();
      throw error;
    }
  }

  /**
   * Serves requests with an application that is ready.
   *
   * @param postgres the embedded database, which the service stops
   * @throws ListenError
   * @internal
   */
  static async listen(
    app: NestFastifyApplication,
    config: AppConfig,
    postgres?: LocalPostgres,
  ): Promise<Service> {
    await listen(app, config);
    const lifecycle = app.get(Lifecycle);
    collectGarbageWhenIdle(() => lifecycle.isIdle);
    return new Service(config, app, await app.getUrl(), postgres);
  }

  /** @internal Whether requests need no authentication. */
  get isOpen(): boolean {
    return this.app.get<Authenticator>(AUTHENTICATOR).isAnonymousAllowed ?? false;
  }

  /**
   * Stops within `SHUTDOWN_TIMEOUT_MS`, in this order: the service is no longer ready, requests in flight finish,
   * connections close, the embedded database stops. After half of that time, connections that wait for their client are
   * closed: incomplete uploads, and responses that are not being read. No acknowledged write depends on them.
   *
   * @returns whether everything stopped in time
   */
  async stop(): Promise<boolean> {
    const { shutdownTimeoutMs } = this.config;
    const stopped = this.stopInOrder().then(
      () => true,
      (error: unknown) => {
        log.error({ err: error }, 'the stop failed');
        return false;
      },
    );
    const isClean = await Promise.race([stopped, delay(shutdownTimeoutMs, false, { ref: false })]);
    log.info({ clean: isClean }, 'stopped');
    return isClean;
  }

  private async stopInOrder(): Promise<void> {
    await this.app.get(Lifecycle).drain(this.config.shutdownTimeoutMs);
    await this.app.close();
    await this.postgres?.stop();
  }
}

async function listen(app: NestFastifyApplication, { port, host, backlog }: AppConfig): Promise<void> {
  try {
    await app.listen({ port, host, backlog });
  } catch (error) {
    throw new ListenError({ host, port }, error);
  }
}
