import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { AppConfig } from './app-config.js';
import { SETTINGS } from './settings.js';

const VARIABLES = Object.values(SETTINGS).map(({ variable }) => variable);

const messageOf = (env: Record<string, string>): string => {
  try {
    AppConfig.fromEnvironment(env);
  } catch (error) {
    return (error as Error).message;
  }
  return 'valid';
};

describe('AppConfig', () => {
  it('has a default for every setting', () => {
    expect(Object.assign({}, AppConfig.fromEnvironment({}))).toEqual({
      port: 4000,
      host: '127.0.0.1',
      backlog: 4096,
      workers: 1,
      databaseUrl: undefined,
      dataDir: resolve('./data'),
      migrateOnBoot: true,
      apiKeys: [],
      allowedHosts: [],
      allowedOrigins: [],
      tokenEstimator: 'tiktoken:gpt-4o',
      maxTokenBudget: 1_000_000,
      bodyLimitBytes: 8 * 1024 * 1024,
      uploadBytes: 256 * 1024 * 1024,
      windowLimitBytes: 64 * 1024 * 1024,
      cacheBytes: 32 * 1024 * 1024,
      poolSize: 16,
      databaseTimeoutMs: 2000,
      requestTimeoutMs: 4500,
      appendQueueLimit: 10_000,
      streamMaxConnections: 512,
      streamPingIntervalMs: 30_000,
      streamIdleTimeoutMs: 90_000,
      nodeName: expect.stringMatching(/^node-[0-9a-f]{8}$/),
      logLevel: 'info',
      shutdownTimeoutMs: 10_000,
    });
  });

  it('treats an empty variable as unset', () => {
    const empty = Object.fromEntries(VARIABLES.map((name) => [name, '']));
    const { nodeName: _, ...values } = AppConfig.fromEnvironment(empty);
    const { nodeName: __, ...defaults } = AppConfig.fromEnvironment({});
    expect(values).toEqual(defaults);
  });

  it('gives each node a random name unless FASTPACA_NODE_NAME is set', () => {
    const names = [1, 2, 3].map(() => AppConfig.fromEnvironment({}).nodeName);
    expect(new Set(names).size).toBe(3);
    expect(AppConfig.fromEnvironment({ FASTPACA_NODE_NAME: 'eu-1' }).nodeName).toBe('eu-1');
  });

  it('listens on the loopback interface without a key, on all interfaces with a key, and on HOST if set', () => {
    const host = (env: Record<string, string>) => AppConfig.fromEnvironment(env).host;
    expect(host({})).toBe('127.0.0.1');
    expect(host({ FASTPACA_API_KEY: '' })).toBe('127.0.0.1');
    expect(host({ FASTPACA_API_KEY: 'k' })).toBe('0.0.0.0');
    expect(host({ FASTPACA_API_KEY: 'k', HOST: '127.0.0.1' })).toBe('127.0.0.1');
    expect(host({ HOST: '0.0.0.0' })).toBe('0.0.0.0');
  });

  it('accepts several keys, with or without spaces around them', () => {
    expect(AppConfig.fromEnvironment({ FASTPACA_API_KEY: 'a' }).apiKeys).toEqual(['a']);
    expect(AppConfig.fromEnvironment({ FASTPACA_API_KEY: ' a , b,c' }).apiKeys).toEqual(['a', 'b', 'c']);
  });

  it.each([',', 'a,', ',a', 'a,,b', ' ', 'a b', 'ä', 'a\tb'])(
    'rejects keys that are empty or cannot be sent in a header: "%s"',
    (value) => {
      expect(messageOf({ FASTPACA_API_KEY: value })).toMatch(
        /^Invalid configuration: FASTPACA_API_KEY must be/,
      );
    },
  );

  it.each([
    ['PORT', 0, 65_535],
    ['FASTPACA_BACKLOG', 1, 65_535],
    ['FASTPACA_WORKERS', 1, 32],
    ['FASTPACA_MAX_TOKEN_BUDGET', 1, 1_000_000_000],
    ['FASTPACA_BODY_LIMIT', 1024, 64 * 1024 * 1024],
    ['FASTPACA_WINDOW_LIMIT', 1024, 256 * 1024 * 1024],
    ['FASTPACA_CACHE_BYTES', 0, 4096 * 1024 * 1024],
    ['FASTPACA_POOL_SIZE', 2, 1000],
    ['FASTPACA_DATABASE_TIMEOUT_MS', 100, 600_000],
    ['FASTPACA_APPEND_QUEUE_LIMIT', 1, 1_000_000],
    ['FASTPACA_STREAM_MAX_CONNECTIONS', 0, 1_000_000],
    ['FASTPACA_STREAM_PING_INTERVAL_MS', 10, 3_600_000],
    ['FASTPACA_STREAM_IDLE_TIMEOUT_MS', 10, 3_600_000],
    ['SHUTDOWN_TIMEOUT_MS', 0, 600_000],
  ])('restricts %s to integers from %d to %d', (name, min, max) => {
    expect(messageOf({ [name]: String(min) })).toBe('valid');
    expect(messageOf({ [name]: String(max) })).toBe('valid');
    for (const bad of [String(min - 1), String(max + 1), '1.5', '1e3', '0x10', 'many', ' ', '12 ', '1_000']) {
      expect(messageOf({ [name]: bad })).toBe(
        `Invalid configuration: ${name} must be an integer from ${min} to ${max}`,
      );
    }
  });

  it.each([
    ['LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], ['verbose', 'INFO', '30']],
    ['MIGRATE_ON_BOOT', ['true', 'false'], ['yes', '1', 'TRUE']],
    [
      'DATABASE_URL',
      ['postgres://h/d', 'postgresql://u:p@h:5432/d?sslmode=require'],
      ['mysql://h/d', 'h/d', 'postgres:/h', 'postgresql://u:p:w@h:port/d'],
    ],
    [
      'FASTPACA_ALLOWED_HOSTS',
      ['a', 'a,b', ' a , b.c ', '10.0.0.1', '::1', '[::1]', 'a_b', 'müller.example'],
      [
        ' ',
        ',',
        'a,',
        'a,,b',
        'a:4000',
        'a:80',
        '[::1]:80',
        'http://a',
        'a/',
        'a b',
        '*',
        '*.a',
        'u@a',
        'a?b',
        '[a]',
        '1::2::3',
      ],
    ],
    [
      'FASTPACA_ALLOWED_ORIGINS',
      ['https://a.b', 'http://localhost:3000,https://a.b', ' https://a.b/ , x-y://z', 'https://A.b:443'],
      [
        ' ',
        ',',
        'https://a,',
        'a.b',
        'localhost:3000',
        '*',
        'https://*.a',
        'null',
        'https://a/b',
        'https://a?b',
        'https://u@a',
        'https://',
        'https://a b',
        'file://',
        'about:blank',
      ],
    ],
    [
      'FASTPACA_TOKEN_ESTIMATOR',
      ['tiktoken:gpt-4o', 'tiktoken:gpt-4', 'tiktoken:o200k_base', 'tiktoken:cl100k_base'],
      ['gpt-4o', 'tiktoken:', 'tiktoken:gpt-none', 'words', 'tiktoken:toString', 'tiktoken:__proto__'],
    ],
  ])('accepts valid values of %s and rejects invalid ones', (name, valid, invalid) => {
    for (const value of valid) expect(messageOf({ [name]: value })).toBe('valid');
    for (const value of invalid)
      expect(messageOf({ [name]: value })).toContain(`Invalid configuration: ${name} `);
  });

  it('lists every invalid variable in one message, without quoting a value', () => {
    const secret = 'sesame 4711';
    const bad = VARIABLES.filter((name) => messageOf({ [name]: secret }) !== 'valid');
    expect(bad).toEqual(
      VARIABLES.filter((name) => !['HOST', 'DATA_DIR', 'FASTPACA_NODE_NAME'].includes(name)),
    );
    const message = messageOf(Object.fromEntries(VARIABLES.map((name) => [name, secret])));
    for (const name of bad) expect(message).toContain(`${name} must be`);
    expect(message.split('; ')).toHaveLength(bad.length);
    expect(message).not.toContain('sesame');
    expect(message).not.toContain('4711');
  });

  it.each([
    ['FASTPACA_API_KEYS', 'FASTPACA_API_KEY'],
    ['FASTPACA_APIKEY', 'FASTPACA_API_KEY'],
    ['FASTPACA_KEY', 'FASTPACA_API_KEY'],
    ['fastpaca_api_key', 'FASTPACA_API_KEY'],
    ['FASTPACA_POOLSIZE', 'FASTPACA_POOL_SIZE'],
    ['FASTPACA_PORT', 'PORT'],
    ['FASTPACA_DATABASE_URL', 'DATABASE_URL'],
    ['FASTPACA_UR', 'FASTPACA_URL'],
  ])('rejects %s, suggests %s and does not quote the value', (name, suggestion) => {
    for (const value of ['', '4711', 'sesame 4711']) {
      expect(messageOf({ [name]: value })).toBe(
        `Invalid configuration: ${name} is not a known variable (did you mean ${suggestion}?)`,
      );
    }
  });

  it('rejects an unknown variable without a suggestion if no name is similar, and lists it with the invalid variables', () => {
    expect(messageOf({ FASTPACA_ZZZ: 'x', FASTPACA_: 'x', [`FASTPACA_${'Q'.repeat(10_000)}`]: 'x' })).toMatch(
      /^Invalid configuration: FASTPACA_ZZZ is not a known variable; FASTPACA_ is not .*; FASTPACA_Q+ is not a known variable$/,
    );
    expect(messageOf({ PORT: 'x', FASTPACA_API_KEYS: 'k' })).toMatch(
      /FASTPACA_API_KEYS is not a known variable.*; PORT must be/,
    );
  });

  it('ignores unknown variables that do not begin with FASTPACA_', () => {
    const others = {
      MY_FASTPACA_API_KEYS: 'x',
      FASTPACA: 'x',
      FAST: 'x',
      npm_config_fastpaca: 'x',
      LOG_LEVELS: 'x',
    };
    expect(messageOf(others)).toBe('valid');
  });

  it('accepts every variable that the client package and the example read', () => {
    const files = ['packages/sdk/src', 'examples/chat'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter(({ name, parentPath }) => name.endsWith('.ts') && !parentPath.includes('node_modules'))
        .map(({ name, parentPath }) => readFileSync(join(parentPath, name), 'utf8')),
    );
    const read = new Set(files.flatMap((text) => text.match(/\bFASTPACA_[A-Z_]+/g) ?? []));
    expect([...read].sort()).toEqual(['FASTPACA_API_KEY', 'FASTPACA_URL']);
    for (const name of read) expect(messageOf({ [name]: 'x' })).toBe('valid');
  });

  it('ignores the variables that Kubernetes sets for a Service named fastpaca or fastpaca-db', () => {
    for (const service of ['FASTPACA', 'FASTPACA_DB']) {
      const links = {
        [`${service}_SERVICE_HOST`]: '10.0.0.11',
        [`${service}_SERVICE_PORT`]: '4000',
        [`${service}_SERVICE_PORT_HTTP`]: '4000',
        [`${service}_PORT`]: 'tcp://10.0.0.11:4000',
        [`${service}_PORT_4000_TCP`]: 'tcp://10.0.0.11:4000',
        [`${service}_PORT_4000_TCP_PROTO`]: 'tcp',
        [`${service}_PORT_4000_TCP_PORT`]: '4000',
        [`${service}_PORT_4000_TCP_ADDR`]: '10.0.0.11',
      };
      expect(messageOf(links)).toBe('valid');
    }
  });

  it('changes only the database URL in withDatabaseUrl', () => {
    const config = AppConfig.fromEnvironment({ PORT: '1', FASTPACA_API_KEY: 'k' });
    const changed = config.withDatabaseUrl('postgres://h/d');
    expect(changed).toEqual(Object.assign(config.withDatabaseUrl(''), { databaseUrl: 'postgres://h/d' }));
    expect([changed.port, changed.apiKeys]).toEqual([1, ['k']]);
    expect(config.databaseUrl).toBeUndefined();
  });
});
