import type { AppConfig } from '../config/app-config.js';

/** What the parent decides for a worker. */
export interface Assignment {
  /** The port of the node; never 0. */
  port: number;
  databaseUrl: string;
  nodeName: string;
  /** Whether the worker may migrate the schema, as far as `MIGRATE_ON_BOOT` allows it. Only the first worker may. */
  migrates: boolean;
}

/**
 * Variable with the assignment of a worker, as JSON. It does not begin with `FASTPACA_`, because it is not a setting:
 * such a name would be reported as unknown.
 */
const VARIABLE = '_FASTPACA_WORKER';

/** A worker stops within this part of `SHUTDOWN_TIMEOUT_MS`. The rest is for the parent and the embedded database. */
const SHUTDOWN_PART = 0.9;
/** The smallest pool: one connection for reads and one for writes. */
const MIN_POOL_SIZE = 2;

/** The environment variables that give a worker its assignment. */
export function toEnvironment(assignment: Assignment): Record<string, string> {
  return { [VARIABLE]: JSON.stringify(assignment) };
}

/**
 * The assignment of this process; undefined if it is not a worker. Removes it from the environment, because processes that
 * a worker starts are no workers.
 */
export function takeAssignment(environment: NodeJS.ProcessEnv): Assignment | undefined {
  const json = environment[VARIABLE];
  if (json === undefined) return undefined;
  Reflect.deleteProperty(environment, VARIABLE);
  return JSON.parse(json) as Assignment;
}

/**
 * The configuration of one worker. Limits on what is in flight are divided, because each request is in one worker. Caches
 * are not: each worker is asked for any conversation, and a share of the cache would not hold a large window.
 */
export function workerConfig(config: AppConfig, { migrates, ...assigned }: Assignment): AppConfig {
  const share = (limit: number) => Math.ceil(limit / config.workers);
  return config.with({
    ...assigned,
    workers: 1,
    migrateOnBoot: config.migrateOnBoot && migrates,
    poolSize: Math.max(MIN_POOL_SIZE, share(config.poolSize)),
    uploadBytes: share(config.uploadBytes),
    appendQueueLimit: share(config.appendQueueLimit),
    streamMaxConnections: share(config.streamMaxConnections),
    shutdownTimeoutMs: Math.floor(config.shutdownTimeoutMs * SHUTDOWN_PART),
  });
}
