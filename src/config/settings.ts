import { canonicalHost, canonicalOrigin } from '../common/http/origin.js';
import { serverUrls } from './database-url.js';
import { parseEstimatorName } from './estimator-name.js';

/** How one environment variable is read. `parse` throws an Error whose message says what is expected. */
export interface Setting<T> {
  /** As it stands in the README's table. */
  meaning: string;
  /** As the README shows it; what an unset variable means. */
  default: string;
  parse: (value: string | undefined) => T;
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

/** A comma-separated list; each item is spelled as `canonical` spells it. @param rule for the message */
function list(canonical: (text: string) => string | undefined, rule: string) {
  return (value: string | undefined): string[] =>
    (value?.split(',') ?? []).map((item) => {
      const text = canonical(item.trim());
      if (text === undefined) throw new Error(rule);
      return text;
    });
}

/** Every variable the service reads, in the order of the README's table. An empty variable counts as unset. */
export const SETTINGS = {
  PORT: { meaning: 'port to listen on', default: '4000', parse: integer(0, 65_535, 4000) },
  HOST: {
    meaning: 'address to listen on',
    default: '`127.0.0.1` without an API key, else `0.0.0.0`',
    parse: (value: string | undefined) => value,
  },
  FASTPACA_BACKLOG: {
    meaning: 'connections that may wait to be accepted; the system caps it (Linux: `net.core.somaxconn`)',
    default: '4096',
    parse: integer(1, 65_535, 4096),
  },
  DATABASE_URL: {
    meaning:
      'PostgreSQL 14 or later; several hosts (`h1:5432,h2:5432`) are tried in turn for one that accepts writes; without it the service runs its own',
    default: 'none: embedded PostgreSQL',
    parse: databaseUrl,
  },
  DATA_DIR: {
    meaning: "the embedded database's home",
    default: './data',
    parse: (value?: string) => value ?? './data',
  },
  MIGRATE_ON_BOOT: {
    meaning: '`false`: the start does not migrate the schema, `npm run migrate` does',
    default: 'true',
    parse: boolean(true),
  },
  FASTPACA_API_KEY: {
    meaning: 'root keys, comma-separated, so that one can be rotated',
    default: 'none: no key is asked for',
    parse: apiKeys,
  },
  FASTPACA_ALLOWED_HOSTS: {
    meaning:
      'host names and addresses, without a port, comma-separated, under which a service without an API key answers, ' +
      'besides `localhost`, loopback addresses and `HOST`',
    default: 'none',
    parse: list(canonicalHost, 'must be host names or addresses without a port, separated by commas'),
  },
  FASTPACA_ALLOWED_ORIGINS: {
    meaning:
      'origins such as `https://app.example.com`, comma-separated, whose web pages may use the service (CORS, websockets)',
    default: 'none',
    parse: list(canonicalOrigin, 'must be origins like https://app.example.com, separated by commas'),
  },
  FASTPACA_TOKEN_ESTIMATOR: {
    meaning: '`tiktoken:` and a model or an encoding',
    default: 'tiktoken:gpt-4o',
    parse: (value: string | undefined) => {
      const name = value ?? 'tiktoken:gpt-4o';
      parseEstimatorName(name);
      return name;
    },
  },
  FASTPACA_MAX_TOKEN_BUDGET: {
    meaning: 'highest `token_budget` a conversation may have',
    default: '1000000',
    parse: integer(1, 1_000_000_000, 1_000_000),
  },
  FASTPACA_BODY_LIMIT: {
    meaning: 'largest request body, in bytes',
    default: '8388608',
    parse: integer(KIB, 64 * MIB, 8 * MIB),
  },
  FASTPACA_UPLOAD_BYTES: {
    meaning:
      'bytes of request bodies in flight, a quarter of them for bodies of up to 64 KiB; beyond it 503. A body that is alone is always admitted',
    default: '268435456',
    parse: integer(MIB, 65_536 * MIB, 256 * MIB),
  },
  FASTPACA_WINDOW_LIMIT: {
    meaning: 'largest window, in bytes of its messages; the oldest live events go first',
    default: '67108864',
    parse: integer(KIB, 256 * MIB, 64 * MIB),
  },
  FASTPACA_CACHE_BYTES: {
    meaning:
      'memory for ready windows and log pages, and the newest events of conversations, of what was read lately; 0 keeps none',
    default: '33554432',
    parse: integer(0, 4096 * MIB, 32 * MIB),
  },
  FASTPACA_POOL_SIZE: { meaning: 'database connections', default: '16', parse: integer(2, 1000, 16) },
  FASTPACA_DATABASE_TIMEOUT_MS: {
    meaning: 'timeout in milliseconds for acquiring a connection, and again for each statement; then 503',
    default: '2000',
    parse: integer(100, 600_000, 2000),
  },
  FASTPACA_REQUEST_TIMEOUT_MS: {
    meaning:
      'timeout in milliseconds for answering a request that has been read, whatever it waits for; then 503',
    default: '4500',
    parse: integer(100, 600_000, 4500),
  },
  FASTPACA_APPEND_QUEUE_LIMIT: {
    meaning: 'appends that may wait in this node; then 503',
    default: '10000',
    parse: integer(1, 1_000_000, 10_000),
  },
  FASTPACA_STREAM_MAX_CONNECTIONS: {
    meaning: 'streams per node',
    default: '512',
    parse: integer(0, 1_000_000, 512),
  },
  FASTPACA_STREAM_PING_INTERVAL_MS: {
    meaning: 'heartbeat of a stream',
    default: '30000',
    parse: integer(10, 3_600_000, 30_000),
  },
  FASTPACA_STREAM_IDLE_TIMEOUT_MS: {
    meaning: 'a stream whose reader shows no life for so long is closed',
    default: '90000',
    parse: integer(10, 3_600_000, 90_000),
  },
  FASTPACA_NODE_NAME: {
    meaning: 'in logs and metrics',
    default: 'random',
    parse: (value: string | undefined) => value,
  },
  LOG_LEVEL: {
    meaning: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`',
    default: 'info',
    parse: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info'),
  },
  SHUTDOWN_TIMEOUT_MS: {
    meaning: 'longest graceful stop after SIGTERM or SIGINT',
    default: '10000',
    parse: integer(0, 600_000, 10_000),
  },
} satisfies Record<string, Setting<unknown>>;
