import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { SETTINGS } from './settings.js';
import { unknownVariables } from './unknown-variables.js';

type Environment = Record<string, string | undefined>;

/** Every bad or unknown variable in one message, so that one start shows them all. Never quotes a value: it may be a secret. */
export class InvalidConfigError extends Error {}

/** The configuration of the process: read once at start, validated whole, never changed. */
export class AppConfig {
  readonly port!: number;
  readonly host!: string;
  readonly backlog!: number;
  /** Undefined: the service starts its own PostgreSQL in `dataDir`. */
  readonly databaseUrl?: string;
  readonly dataDir!: string;
  readonly migrateOnBoot!: boolean;
  /** Empty: no key is asked for. */
  readonly apiKeys!: readonly string[];
  readonly allowedHosts!: readonly string[];
  readonly allowedOrigins!: readonly string[];
  readonly tokenEstimator!: string;
  readonly maxTokenBudget!: number;
  readonly bodyLimitBytes!: number;
  readonly uploadBytes!: number;
  readonly windowLimitBytes!: number;
  readonly cacheBytes!: number;
  readonly poolSize!: number;
  readonly databaseTimeoutMs!: number;
  readonly requestTimeoutMs!: number;
  readonly appendQueueLimit!: number;
  readonly streamMaxConnections!: number;
  readonly streamPingIntervalMs!: number;
  readonly streamIdleTimeoutMs!: number;
  readonly nodeName!: string;
  readonly logLevel!: string;
  readonly shutdownTimeoutMs!: number;

  private constructor(values: Omit<AppConfig, 'withDatabaseUrl'>) {
    Object.assign(this, values);
  }

  /** The same, with the database that was started for it. */
  withDatabaseUrl(databaseUrl: string): AppConfig {
    return Object.assign(Object.create(AppConfig.prototype), this, { databaseUrl }) as AppConfig;
  }

  /** @throws InvalidConfigError listing every bad variable, and every unknown one that begins with `FASTPACA_` */
  static fromEnvironment(env: Environment): AppConfig {
    const violations = unknownVariables(env);
    const read = <Name extends keyof typeof SETTINGS>(name: Name) => {
      try {
        return SETTINGS[name].parse(env[name] === '' ? undefined : env[name]) as ReturnType<
          (typeof SETTINGS)[Name]['parse']
        >;
      } catch (error) {
        violations.push(`${name} ${(error as Error).message}`);
        return undefined as never;
      }
    };
    const apiKeys = read('FASTPACA_API_KEY');
    const values = {
      port: read('PORT'),
      host: read('HOST') ?? (env.FASTPACA_API_KEY ? '0.0.0.0' : '127.0.0.1'),
      backlog: read('FASTPACA_BACKLOG'),
      databaseUrl: read('DATABASE_URL'),
      dataDir: resolve(read('DATA_DIR')),
      migrateOnBoot: read('MIGRATE_ON_BOOT'),
      apiKeys,
      allowedHosts: read('FASTPACA_ALLOWED_HOSTS'),
      allowedOrigins: read('FASTPACA_ALLOWED_ORIGINS'),
      tokenEstimator: read('FASTPACA_TOKEN_ESTIMATOR'),
      maxTokenBudget: read('FASTPACA_MAX_TOKEN_BUDGET'),
      bodyLimitBytes: read('FASTPACA_BODY_LIMIT'),
      uploadBytes: read('FASTPACA_UPLOAD_BYTES'),
      windowLimitBytes: read('FASTPACA_WINDOW_LIMIT'),
      cacheBytes: read('FASTPACA_CACHE_BYTES'),
      poolSize: read('FASTPACA_POOL_SIZE'),
      databaseTimeoutMs: read('FASTPACA_DATABASE_TIMEOUT_MS'),
      requestTimeoutMs: read('FASTPACA_REQUEST_TIMEOUT_MS'),
      appendQueueLimit: read('FASTPACA_APPEND_QUEUE_LIMIT'),
      streamMaxConnections: read('FASTPACA_STREAM_MAX_CONNECTIONS'),
      streamPingIntervalMs: read('FASTPACA_STREAM_PING_INTERVAL_MS'),
      streamIdleTimeoutMs: read('FASTPACA_STREAM_IDLE_TIMEOUT_MS'),
      nodeName: read('FASTPACA_NODE_NAME') ?? `node-${randomBytes(4).toString('hex')}`,
      logLevel: read('LOG_LEVEL'),
      shutdownTimeoutMs: read('SHUTDOWN_TIMEOUT_MS'),
    };
    if (violations.length) throw new InvalidConfigError(`Invalid configuration: ${violations.join('; ')}`);
    return new AppConfig(values);
  }
}
