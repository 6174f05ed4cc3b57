import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { AppConfig } from '../config/app-config.js';
import type { Additions } from '../create-app.js';
import { Service } from '../service.js';

export interface TestServiceOptions extends Additions {
  /**
   * Environment variables of the service, such as `FASTPACA_API_KEY`. With `DATABASE_URL`, the service gets a database of
   * its own on that server, whose role must be allowed to create one. Without, it starts an embedded PostgreSQL in a
   * temporary folder, which needs the package `@fastpaca/local-postgres`.
   *
   * Default: none; the variables of the process are ignored.
   */
  env?: Record<string, string>;
}

/** A running service, and the way to remove it. */
export interface TestService {
  /** Such as `http://127.0.0.1:53124`. */
  url: string;
  /** The Nest application; `app.get(EventsService)` finds a provider. */
  app: Service['app'];
  /** Stops the service and deletes its database. */
  stop(): Promise<void>;
}

/**
 * Starts the service with a team's additions, on a free port and a throw-away database, for tests. It logs only errors,
 * unless `LOG_LEVEL` is in `env`.
 */
export async function startTestService({
  env = {},
  ...additions
}: TestServiceOptions = {}): Promise<TestService> {
  const { DATABASE_URL: serverUrl } = env;
  const database = serverUrl === undefined ? await temporaryFolder() : await temporaryDatabase(serverUrl);
  try {
    const config = AppConfig.fromEnvironment({
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'error',
      ...env,
      ...database.env,
    });
    const service = await Service.start(config, additions);
    return {
      url: service.url,
      app: service.app,
      stop: async () => {
        await service.stop();
        await database.remove();
      },
    };
  } catch (error) {
    await database.remove();
    throw error;
  }
}

interface TemporaryDatabase {
  env: Record<string, string>;
  remove(): Promise<void>;
}

async function temporaryFolder(): Promise<TemporaryDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'fastpaca-test-'));
  await chmod(folder, 0o755); // PostgreSQL does not run as root: its own user must be able to enter the folder
  return {
    env: { DATA_DIR: join(folder, 'data') },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function temporaryDatabase(serverUrl: string): Promise<TemporaryDatabase> {
  const name = `fastpaca_test_${randomBytes(6).toString('hex')}`;
  await runOn(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    env: { DATABASE_URL: url.href },
    remove: () => runOn(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function runOn(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
