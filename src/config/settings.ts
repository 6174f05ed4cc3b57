import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { canonicalHost, canonicalOrigin } from '../common/http/origin.js';
import { serverUrls } from './database-url.js';
import { parseEstimatorName } from './estimator-name.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One setting: its environment variable, its row in the README, and how its value is read. */
export interface Setting<T> {
  variable: string;
  /** Third column of the README's table, in Markdown. */
  meaning: string;
  /** Second column: what the service does while the variable is unset. */
  default: string;
  /**
   * @param value undefined if the variable is unset or empty
   * @throws Error whose message says what the variable must be; it never quotes the value, which may be a secret
   */
  parse: (value: string | undefined, environment: Environment) => T;
}

const KIB = 1024;
const MIB = 1024 * KIB;

function integer(min: number, max: number, fallback: number) {
  return (value: string | undefined): number => {
    if (value === undefined) return fallback;
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (!(number >= min && number <= max)) throw new Error(`must be an integer from ${min} to ${max}`);
    return number;
  };
}

function oneOf<T extends string>(allowed: readonly T[], fallback: T) {
  return (value: string | undefined): T => {
    if (value === undefined) return fallback;
    if (!(allowed as readonly string[]).includes(value))
      throw new Error(`must be one of ${allowed.join(', ')}`);
    return value as T;
  };
}

function boolean(fallback: boolean) {
  return (value: string | undefined): boolean =>
    oneOf(['true', 'false'], String(fallback) as 'true' | 'false')(value) === 'true';
}

function databaseUrl(value: string | undefined): string | undefined {
  if (value !== undefined) serverUrls(value);
  return value;
}

function apiKeys(value: string | undefined): string[] {
  if (value === undefined) return [];
  const keys = value.split(',').map((key) => key.trim());
  if (keys.some((key) => !/^[\x21-\x7e]+$/.test(key))) {
    throw new Error('must be keys of printable ASCII characters without spaces, separated by commas');
  }
  return keys;
}

function tokenEstimator(value = 'tiktoken:gpt-4o'): string {
  parseEstimatorName(value);
  return value;
}

/**
 * A comma-separated list.
 *
 * @param canonical normalizes one item; undefined if the item is invalid
 * @param rule message for a list with an invalid item
 */
function list(canonical: (text: string) => string | undefined, rule: string) {
  return (value: string | undefined): string[] =>
    (value?.split(',') ?? []).map((item) => {
      const text = canonical(item.trim());
      if (text === undefined) throw new Error(rule);
      return text;
    });
}

/**
 * Every setting of the service, by its field in `AppConfig` and in the order of the README's table. `npm run docs`
 * writes that table.
 */
export const SETTINGS = {
  port: { variable: 'PORT', meaning: 'port to listen on', default: '4000', parse: integer(0, 65_535, 4000) },
  host: {
    variable: 'HOST',
    meaning: 'address to listen on',
    default: '`127.0.0.1` without an API key, else `0.0.0.0`',
    parse: (value: string | undefined, { FASTPACA_API_KEY }: Environment) =>
      value ?? (FASTPACA_API_KEY ? '0.0.0.0' : '127.0.0.1'),
  },
  /** Length of the kernel's queue of connections that have not been accepted yet. */
  backlog: {
    variable: 'FASTPACA_BACKLOG',
    meaning: 'connections that may wait to be accepted; the system caps it (Linux: `net.core.somaxconn`)',
    default: '4096',
    parse: integer(1, 65_535, 4096),
  },
  workers: {
    variable: 'FASTPACA_WORKERS',
    meaning: 'processes that serve requests on the port, 1 to 32; useful up to one per core',
    default: '1',
    parse: integer(1, 32, 1),
  },
  /** Undefined: the service starts its own PostgreSQL in `dataDir`. */
  databaseUrl: {
    variable: 'DATABASE_URL',
    meaning:
      'PostgreSQL 14 or later; of several hosts (`h1:5432,h2:5432`) the service uses the first that accepts writes; if unset, the service runs its own PostgreSQL',
    default: 'none: embedded PostgreSQL',
    parse: databaseUrl,
  },
  /** Absolute path. */
  dataDir: {
    variable: 'DATA_DIR',
    meaning: 'data folder of the embedded PostgreSQL',
    default: './data',
    parse: (value: string | undefined) => resolve(value ?? './data'),
  },
  migrateOnBoot: {
    variable: 'MIGRATE_ON_BOOT',
    meaning: 'if `false`, the service does not migrate the schema at start; `fastpaca migrate` does',
    default: 'true',
    parse: boolean(true),
  },
  /** Empty: requests need no key. */
  apiKeys: {
    variable: 'FASTPACA_API_KEY',
    meaning: 'root keys, comma-separated; use two keys while you rotate them',
    default: 'none: requests need no key',
    parse: apiKeys,
  },
  /** Canonical: as `canonicalHost` spells them. */
  allowedHosts: {
    variable: 'FASTPACA_ALLOWED_HOSTS',
    meaning:
      'host names and addresses, without a port, comma-separated, that a service without an API key accepts in `Host`, ' +
      'in addition to `localhost`, loopback addresses and `HOST`',
    default: 'none',
    parse: list(canonicalHost, 'must be host names or addresses without a port, separated by commas'),
  },
  /** Canonical: as `canonicalOrigin` spells them. */
  allowedOrigins: {
    variable: 'FASTPACA_ALLOWED_ORIGINS',
    meaning:
      'origins such as `https://app.example.com`, comma-separated, whose web pages may use the service (CORS, websockets)',
    default: 'none',
    parse: list(canonicalOrigin, 'must be origins like https://app.example.com, separated by commas'),
  },
  tokenEstimator: {
    variable: 'FASTPACA_TOKEN_ESTIMATOR',
    meaning:
      '`tiktoken:` and the name of a model or an encoding, for conversations without a `model` and for unknown models',
    default: 'tiktoken:gpt-4o',
    parse: tokenEstimator,
  },
  maxTokenBudget: {
    variable: 'FASTPACA_MAX_TOKEN_BUDGET',
    meaning: 'highest `token_budget` of a conversation',
    default: '1000000',
    parse: integer(1, 1_000_000_000, 1_000_000),
  },
  bodyLimitBytes: {
    variable: 'FASTPACA_BODY_LIMIT',
    meaning: 'largest request body, in bytes',
    default: '8388608',
    parse: integer(KIB, 64 * MIB, 8 * MIB),
  },
  uploadBytes: {
    variable: 'FASTPACA_UPLOAD_BYTES',
    meaning:
      'bytes of request bodies in flight, divided among the workers, a quarter of them reserved for bodies of up to 64 KiB; beyond the limit: 503. A body that is alone is always admitted',
    default: '268435456',
    parse: integer(MIB, 65_536 * MIB, 256 * MIB),
  },
  windowLimitBytes: {
    variable: 'FASTPACA_WINDOW_LIMIT',
    meaning: 'largest window, in bytes of its messages; the oldest live events are dropped first',
    default: '67108864',
    parse: integer(KIB, 256 * MIB, 64 * MIB),
  },
  cacheBytes: {
    variable: 'FASTPACA_CACHE_BYTES',
    meaning:
      'memory in bytes of each worker for caches of windows, log pages and the newest and pinned events of recently read conversations; 0 disables them',
    default: '33554432',
    parse: integer(0, 4096 * MIB, 32 * MIB),
  },
  poolSize: {
    variable: 'FASTPACA_POOL_SIZE',
    meaning: 'database connections, divided among the workers, at least 2 for each',
    default: '16',
    parse: integer(2, 1000, 16),
  },
  databaseTimeoutMs: {
    variable: 'FASTPACA_DATABASE_TIMEOUT_MS',
    meaning: 'timeout in milliseconds for acquiring a connection, and again for each statement; then 503',
    default: '2000',
    parse: integer(100, 600_000, 2000),
  },
  requestTimeoutMs: {
    variable: 'FASTPACA_REQUEST_TIMEOUT_MS',
    meaning:
      'timeout in milliseconds for a response, counted from the end of the request, including all waits; then 503',
    default: '4500',
    parse: integer(100, 600_000, 4500),
  },
  appendQueueLimit: {
    variable: 'FASTPACA_APPEND_QUEUE_LIMIT',
    meaning: 'appends that may wait in one node, divided among the workers; beyond the limit: 503',
    default: '10000',
    parse: integer(1, 1_000_000, 10_000),
  },
  streamMaxConnections: {
    variable: 'FASTPACA_STREAM_MAX_CONNECTIONS',
    meaning: 'open streams per node, divided among the workers',
    default: '512',
    parse: integer(0, 1_000_000, 512),
  },
  streamPingIntervalMs: {
    variable: 'FASTPACA_STREAM_PING_INTERVAL_MS',
    meaning: 'interval of the heartbeat on a stream, in milliseconds',
    default: '30000',
    parse: integer(10, 3_600_000, 30_000),
  },
  streamIdleTimeoutMs: {
    variable: 'FASTPACA_STREAM_IDLE_TIMEOUT_MS',
    meaning: 'a stream is closed after this many milliseconds without a sign of life from its reader',
    default: '90000',
    parse: integer(10, 3_600_000, 90_000),
  },
  nodeName: {
    variable: 'FASTPACA_NODE_NAME',
    meaning: 'name of this node in logs and metrics',
    default: 'random',
    parse: (value: string | undefined) => value ?? `node-${randomBytes(4).toString('hex')}`,
  },
  logLevel: {
    variable: 'LOG_LEVEL',
    meaning: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`',
    default: 'info',
    parse: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info'),
  },
  shutdownTimeoutMs: {
    variable: 'SHUTDOWN_TIMEOUT_MS',
    meaning: 'longest graceful stop after SIGTERM or SIGINT, in milliseconds',
    default: '10000',
    parse: integer(0, 600_000, 10_000),
  },
} satisfies Record<string, Setting<unknown>>;
