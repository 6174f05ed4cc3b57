import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppConfig } from '../../src/config/app-config.js';
import { createApp } from '../../src/create-app.js';
import type { Replacements } from '../../src/extensions.module.js';
import { HttpClient } from './http-client.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';
import { UNHURRIED } from './unhurried.js';

/** Represents the root module of a team that embeds the service. */
@Module({})
class TestRoot {}

/** The service in the process of the test, with its own port and database, and an HTTP client. */
export class TestService {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    readonly http: HttpClient,
    readonly database: TestDatabase,
    private readonly ownsDatabase: boolean,
  ) {}

  /**
   * @param env environment variables; `PORT` and `DATABASE_URL` are set here
   * @param modules modules that a team adds to the service
   * @param replacements what a team replaces
   * @param database the database of another service, to run a second node on it
   */
  static async start({
    env = {},
    modules = [],
    replacements,
    database,
  }: StartOptions = {}): Promise<TestService> {
    const own = database ?? (await createTestDatabase());
    const config = AppConfig.fromEnvironment({
      ...UNHURRIED,
      ...env,
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: own.url,
    });
    const app = await createApp(config, {
      ...replacements,
      module: { module: TestRoot, imports: modules },
    });
    await app.listen({ port: 0, host: '127.0.0.1', backlog: config.backlog });
    const url = await app.getUrl();
    return new TestService(app, url, new HttpClient(url), own, !database);
  }

  async stop(): Promise<void> {
    await this.app.close();
    if (this.ownsDatabase) await this.database.drop();
  }
}

interface StartOptions {
  env?: Record<string, string>;
  modules?: any[];
  replacements?: Replacements;
  database?: TestDatabase;
}
