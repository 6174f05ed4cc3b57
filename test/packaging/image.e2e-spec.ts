import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { AppConfig } from '../../src/config/app-config.js';
import { SETTINGS } from '../../src/config/settings.js';
import { MissingVariableError, readComposeFile } from '../image/compose-file.mjs';

/** The instructions of the Dockerfile, each on one line. */
const dockerfile = readFileSync('Dockerfile', 'utf8')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line));
const finalStage = dockerfile.slice(dockerfile.findLastIndex((line) => line.startsWith('FROM ')));

/** The arguments of an instruction of the final stage, which must be there once. */
function argumentsOf(instruction: string): string {
  const found = finalStage.filter((line) => line.startsWith(`${instruction} `));
  expect(found).toHaveLength(1);
  return found[0]!.slice(instruction.length + 1);
}

const environment = (): Record<string, string> =>
  Object.fromEntries(
    argumentsOf('ENV')
      .split(' ')
      .map((pair) => pair.split('=') as [string, string]),
  );

/** The paths of the build context that the Dockerfile copies. */
const copiedPaths = dockerfile
  .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
  .flatMap((line) => line.split(/\s+/).slice(1, -1));

describe('Dockerfile', () => {
  it('sets only variables that the service knows, to values that it accepts', () => {
    const { NODE_ENV, MALLOC_MMAP_THRESHOLD_, ...settings } = environment();
    expect([NODE_ENV, MALLOC_MMAP_THRESHOLD_]).not.toContain(undefined);
    const known = Object.values(SETTINGS).map(({ variable }) => variable);
    expect(known).toEqual(expect.arrayContaining(Object.keys(settings)));
    expect(AppConfig.fromEnvironment(settings)).toMatchObject({
      host: '0.0.0.0',
      dataDir: argumentsOf('VOLUME'),
    });
  });

  it('starts the service as npm start does', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } };
    const [, threshold, command] = / env MALLOC_MMAP_THRESHOLD_=(\d+) (node .*)$/.exec(scripts.start) ?? [];
    expect(JSON.parse(argumentsOf('CMD')).join(' ')).toBe(command);
    expect(environment().MALLOC_MMAP_THRESHOLD_).toBe(threshold);
  });

  it('exposes the default port, stops by SIGTERM and runs as an ordinary user', () => {
    expect(argumentsOf('EXPOSE')).toBe(String(AppConfig.fromEnvironment({}).port));
    expect(argumentsOf('STOPSIGNAL')).toBe('SIGTERM');
    expect(argumentsOf('USER')).toBe('1000:1000');
  });

  it('copies only paths that exist', () => {
    expect(copiedPaths.length).toBeGreaterThan(8);
    expect(copiedPaths.filter((path) => !existsSync(path))).toEqual([]);
  });
});

describe('.dockerignore', () => {
  const patterns = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  const included = patterns.filter((line) => line.startsWith('!')).map((line) => line.slice(1));

  it('excludes everything but what the Dockerfile copies', () => {
    expect(patterns[0]).toBe('*');
    expect([...included].sort()).toEqual(allowedBy(copiedPaths));
  });

  it('excludes modules and builds in every folder', () => {
    const last = patterns.slice(patterns.findLastIndex((line) => line.startsWith('!')) + 1);
    expect(last).toEqual(expect.arrayContaining(['**/node_modules', '**/dist']));
  });
});

/** The shortest list of paths that contains all of `paths`, sorted. */
function allowedBy(paths: string[]): string[] {
  return paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/`))).sort();
}

describe('compose.yaml', () => {
  const text = readFileSync('compose.yaml', 'utf8');
  const variables = { FASTPACA_API_KEY: 'key', POSTGRES_PASSWORD: 'password' };
  const { services, volumes } = readComposeFile(text, variables);
  const nodes = Object.values(services).filter(({ image }) => image === 'fastpaca');

  it('runs two nodes with settings that the service accepts, on one database', () => {
    expect(nodes).toHaveLength(2);
    for (const { environment: settings } of nodes) {
      const { databaseUrl, apiKeys } = AppConfig.fromEnvironment(settings);
      const { hostname, username, password, pathname } = new URL(databaseUrl!);
      expect(apiKeys).toEqual(['key']);
      expect(services[hostname]!.environment).toEqual({
        POSTGRES_USER: username,
        POSTGRES_PASSWORD: password,
        POSTGRES_DB: pathname.slice(1),
      });
    }
  });

  it.each(Object.keys(variables))('is refused with one line while %s is unset', (name) => {
    const attempt = () => readComposeFile(text, { ...variables, [name]: undefined });
    expect(attempt).toThrow(MissingVariableError);
    expect(attempt).toThrow(new RegExp(`^${name}: Set ${name} to .*\\.$`));
  });

  it('starts the nodes when the database is healthy, and each on a port of its own', () => {
    for (const { depends_on } of nodes) {
      const [database, ...others] = Object.entries(depends_on!);
      expect(others).toEqual([]);
      expect(database![1].condition).toBe('service_healthy');
      expect(services[database![0]]!.healthcheck.test[0]).toBe('CMD');
    }
    expect(new Set(nodes.flatMap(({ ports }) => ports))).toEqual(new Set(['4000:4000', '4001:4000']));
  });

  it('keeps the database in a named volume', () => {
    const mounted = Object.values(services).flatMap((service) => service.volumes ?? []);
    expect(mounted.map((mount) => mount.split(':')[0])).toEqual(Object.keys(volumes));
  });
});
