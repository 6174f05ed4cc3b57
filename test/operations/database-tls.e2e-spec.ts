import { chown, copyFile, chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BuiltService } from '../support/built-service.js';
import { createAuthority, createCertificate, type CertificateFiles } from '../support/certificates.js';
import { DedicatedServer } from '../support/dedicated-server.js';
import { createTestDatabase } from '../support/test-database.js';

/** The only host in the certificate of the server. */
const HOST = 'localhost';

let folder: string;
let authority: CertificateFiles;
let foreign: CertificateFiles;
let server: DedicatedServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fastpaca-test-tls-'));
  authority = createAuthority(folder, 'authority');
  foreign = createAuthority(folder, 'foreign');
  const files = createCertificate(folder, HOST, authority);
  server = await DedicatedServer.start(async (clusterDir) => {
    const { uid, gid } = await stat(clusterDir);
    for (const [source, name] of [
      [files.certificate, 'server.crt'],
      [files.key, 'server.key'],
    ] as const) {
      await copyFile(source, join(clusterDir, name));
      await chown(join(clusterDir, name), uid, gid);
      await chmod(join(clusterDir, name), 0o600);
    }
    return ['ssl=on'];
  });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** The URL of the server under another host name and with these parameters. */
function urlWith(parameters: Record<string, string>, { host = HOST, of = server.url } = {}): string {
  const url = new URL(of);
  url.hostname = host;
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** Starts a service that must fail to start; returns the one line that says why. */
async function startFailure(databaseUrl: string): Promise<string> {
  const service = BuiltService.launch({ DATABASE_URL: databaseUrl });
  expect(await service.exited).toEqual({ code: 1, signal: null });
  const failures = service.records().filter(({ level }) => ['error', 'fatal'].includes(level));
  expect(failures).toHaveLength(1);
  expect(failures[0]!.msg).not.toContain('\n');
  expect(failures[0]!.msg).not.toContain(new URL(databaseUrl).password);
  return failures[0]!.msg;
}

/** Starts a service, uses it, and asserts that each of its connections is encrypted. */
async function expectEncrypted(databaseUrl: string): Promise<void> {
  const service = await BuiltService.start({ DATABASE_URL: databaseUrl });
  expect((await service.http.put('encrypted')).status).toBeLessThan(300);
  const connections = await server.query(
    "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'fastpaca %'",
  );
  expect(await service.stop()).toEqual({ code: 0, signal: null });
  expect(connections.length).toBeGreaterThan(1);
  expect(connections.filter(({ ssl }) => !ssl)).toEqual([]);
}

describe('a database with TLS', () => {
  it.each(['verify-full', 'require'])(
    'is used over TLS on every connection with sslmode=%s and the right CA',
    (sslmode) => expectEncrypted(urlWith({ sslmode, sslrootcert: authority.certificate })),
  );

  it('is used over TLS without any check with sslmode=no-verify', () =>
    expectEncrypted(urlWith({ sslmode: 'no-verify' }, { host: '127.0.0.1' })));

  it.each(['verify-full', 'require', 'verify-ca', 'prefer'])(
    'is rejected with sslmode=%s if its CA is unknown',
    async (sslmode) => {
      const message = /^cannot start: The certificate .* is not trusted .*: add sslrootcert=/;
      expect(await startFailure(urlWith({ sslmode }))).toMatch(message);
      expect(await startFailure(urlWith({ sslmode, sslrootcert: foreign.certificate }))).toMatch(message);
    },
  );

  it('is rejected if its certificate is for another host', async () => {
    const parameters = { sslmode: 'verify-full', sslrootcert: authority.certificate };
    expect(await startFailure(urlWith(parameters, { host: '127.0.0.1' }))).toMatch(
      /^cannot start: The certificate .* is for another host .*127\.0\.0\.1.*: use a host of the certificate/,
    );
  });

  it('is rejected if the file of the CA does not exist', async () => {
    const sslrootcert = join(folder, 'missing.crt');
    expect(await startFailure(urlWith({ sslmode: 'verify-full', sslrootcert }))).toMatch(
      /^cannot start: A certificate .* cannot be read .*missing\.crt.*: correct sslrootcert/,
    );
  });
});

describe('a database without TLS', () => {
  it('is rejected if DATABASE_URL requires TLS', async () => {
    const database = await createTestDatabase();
    const url = urlWith({ sslmode: 'verify-full' }, { host: '127.0.0.1', of: database.url });
    expect(await startFailure(url)).toMatch(
      /^cannot start: The database server does not offer TLS: turn on "ssl"/,
    );
    await database.drop();
  });
});
