import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromium, type Browser, type Page } from 'playwright-core';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from '../support/chromium.js';
import type { HttpClient } from '../support/http-client.js';
import { TestService } from '../support/test-service.js';

const KEY = 'key-1';
const bearer = { authorization: `Bearer ${KEY}` };
const SECRET = 'the secret of the log';
/** Host name of an attacker that resolves to this machine, as in DNS rebinding. */
const REBOUND = 'evil.test';

/**
 * A page that tries every way to read and write a conversation and reports each result. The page cannot distinguish a
 * response it may not read from a network error. The service may have handled the request all the same, so the tests
 * also check the stored data.
 */
const PAGE = `<!doctype html><title>page</title><script>
const short = (text) => (text.includes(${JSON.stringify(SECRET)}) ? 'secret' : 'nothing');
const attempt = async (send) => {
  try {
    const response = await send();
    return response.status + ' ' + short(await response.text());
  } catch {
    return 'error';
  }
};
const firstOf = (source, closes) =>
  new Promise((resolve) => {
    source.onmessage = ({ data }) => { if (short(data) === 'secret') { source.close(); resolve('secret'); } };
    source[closes] = () => { source.close(); resolve('error'); };
  });
const sse = async (url, headers) => {
  try {
    const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers } });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ''; ; ) {
      const { done, value } = await reader.read();
      if (short((text += value ?? '')) === 'secret') { await reader.cancel(); return 'secret'; }
      if (done) return 'error';
    }
  } catch {
    return 'error';
  }
};
window.reads = async (conversation, headers = {}) => ({
  fetch: await attempt(() => fetch(conversation + '/events', { headers })),
  window: await attempt(() => fetch(conversation + '/window', { headers })),
  noCors: await attempt(() => fetch(conversation + '/events', { mode: 'no-cors', headers })),
  fetchedStream: await sse(conversation + '/stream?cursor=0', headers),
  eventSource: await firstOf(new EventSource(conversation + '/stream?cursor=0'), 'onerror'),
  webSocket: await firstOf(new WebSocket(conversation.replace('http', 'ws') + '/stream?cursor=0'), 'onclose'),
});
window.writes = async (conversation, headers = {}) => {
  const event = JSON.stringify({ event: { role: 'user', content: 'of a page' } });
  const budget = JSON.stringify({ token_budget: 1 });
  const json = { 'content-type': 'application/json', ...headers };
  const send = (method, path, body, more) => attempt(() => fetch(conversation + path, { method, body, ...more }));
  const form = new URLSearchParams({ event });
  return {
    post: await send('POST', '/events', event, { headers: json }),
    textPlain: await send('POST', '/events', event, { headers: { 'content-type': 'text/plain' } }),
    simple: await send('POST', '/events', event, { mode: 'no-cors' }),
    form: await send('POST', '/events', form, { mode: 'no-cors' }),
    beacon: await attempt(async () => { navigator.sendBeacon(conversation + '/events', event); return new Response(); }),
    put: await send('PUT', '', budget, { headers: json }),
    patch: await send('PATCH', '/metadata', '{"metadata":{"page":1}}', { headers: json }),
    delete: await send('DELETE', '', undefined, { headers }),
  };
};
</script>`;

/** Returns the attempts that read the secret or got a success status. */
const successes = (outcomes: Record<string, string>) =>
  Object.entries(outcomes).filter(([name, outcome]) => name !== 'beacon' && /secret|^2\d\d/.test(outcome));

async function create(http: HttpClient, id: string, headers: Record<string, string> = {}): Promise<void> {
  const body = { token_budget: 1000 };
  expect((await http.request('PUT', http.path(id), { body, headers })).status).toBe(201);
  expect((await http.append(id, { event: { role: 'user', content: SECRET } }, headers)).status).toBe(201);
}

(CHROMIUM ? describe : describe.skip)('a web page (skipped without Chromium)', () => {
  let open: TestService;
  let guarded: TestService;
  let browser: Browser;
  /** Two servers on other ports that send the page. The guarded service allows the origin of the second. */
  let servers: Server[];
  let foreign: string;
  let allowed: string;

  beforeAll(async () => {
    servers = [1, 2].map(() =>
      createServer((_, response) => response.setHeader('content-type', 'text/html').end(PAGE)).listen(
        0,
        '127.0.0.1',
      ),
    );
    await Promise.all(servers.map((server) => once(server, 'listening')));
    [foreign, allowed] = servers.map(
      (server) => `http://localhost:${(server.address() as AddressInfo).port}`,
    ) as [string, string];
    open = await TestService.start();
    guarded = await TestService.start({
      env: { FASTPACA_API_KEY: KEY, FASTPACA_ALLOWED_ORIGINS: allowed },
      database: open.database,
    });
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        ...CHROMIUM_ARGUMENTS,
        `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`,
        // Disables the browser's protection of local addresses, because these tests check that of the service.
        '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets',
      ],
    });
  });
  afterAll(async () => {
    await browser.close();
    await guarded.stop();
    await open.stop();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  });

  const at = ({ url }: TestService, host: string) => `http://${host}:${new URL(url).port}`;
  const stored = async (id: string) => [(await open.http.get(id)).body, (await open.http.events(id)).body];

  /** Opens the page on this origin. `run` calls one of the functions of the page. */
  async function openPage(origin: string) {
    const page: Page = await browser.newPage();
    if (origin.includes(REBOUND))
      await page.route(`${origin}/page`, (route) => route.fulfill({ contentType: 'text/html', body: PAGE }));
    await page.goto(`${origin}/page`);
    const run = (name: 'reads' | 'writes', conversation: string, headers: Record<string, string> = {}) =>
      page.evaluate<Record<string, string>>(
        `window.${name}(${JSON.stringify(conversation)}, ${JSON.stringify(headers)})`,
      );
    return { page, run };
  }

  it.each(['localhost', '127.0.0.1'])(
    'cannot read or write from another origin without a key, at %s',
    async (host) => {
      const id = `foreign-${host}`;
      await create(open.http, id);
      const before = await stored(id);
      const { page, run } = await openPage(foreign);
      const conversation = at(open, host) + open.http.path(id);
      expect(successes(await run('reads', conversation))).toEqual([]);
      expect(successes(await run('writes', conversation))).toEqual([]);
      await page.close();
      expect(await stored(id)).toEqual(before);
    },
  );

  it('cannot read or write without a key after DNS rebinding', async () => {
    await create(open.http, 'rebound');
    const before = await stored('rebound');
    const { page, run } = await openPage(at(open, REBOUND));
    const conversation = at(open, REBOUND) + open.http.path('rebound');
    const [reads, writes] = [await run('reads', conversation), await run('writes', conversation)];
    expect([reads.fetch, writes.post, writes.put]).toEqual(['403 nothing', '403 nothing', '403 nothing']);
    expect([...successes(reads), ...successes(writes)]).toEqual([]);
    for (const path of ['/metrics', '/docs', '/docs-json', '/asyncapi.json'])
      expect(await page.evaluate(`fetch('${path}').then(({ status }) => status)`)).toBe(403);
    await page.close();
    expect(await stored('rebound')).toEqual(before);
  });

  it('can read and write without a key from the origin of the service, such as /docs', async () => {
    await create(open.http, 'own');
    const page = await browser.newPage();
    await page.goto(`${at(open, 'localhost')}/docs`);
    const conversation = open.http.path('own');
    const append = `fetch('${conversation}/events', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"event":{"role":"user","content":"x"}}',
    }).then(({ status }) => status)`;
    expect(await page.evaluate(append)).toBe(201);
    expect(await page.evaluate(`fetch('${conversation}').then(({ status }) => status)`)).toBe(200);
    await page.close();
  });

  it('can read and write with a key from an allowed origin, and from no other', async () => {
    await create(open.http, 'keyed');
    const before = await stored('keyed');
    const conversation = at(guarded, 'localhost') + guarded.http.path('keyed');
    const other = await openPage(foreign);
    for (const headers of [bearer, {}]) {
      expect(successes(await other.run('reads', conversation, headers))).toEqual([]);
      expect(successes(await other.run('writes', conversation, headers))).toEqual([]);
    }
    await other.page.close();
    expect(await stored('keyed')).toEqual(before);

    const { page, run } = await openPage(allowed);
    const reads = await run('reads', conversation, bearer);
    expect([reads.fetch, reads.window, reads.fetchedStream]).toEqual(['200 secret', '200 secret', 'secret']);
    const seen = await page.evaluate(
      `fetch('${conversation}/window', { headers: { ...${JSON.stringify(bearer)}, 'x-request-id': 'mine', 'if-none-match': '"x"' } })
        .then(({ headers }) => [headers.get('x-request-id'), headers.get('etag')])`,
    );
    expect(seen).toEqual(['mine', expect.stringMatching(/^"/)]);
    expect(await run('writes', conversation, bearer)).toMatchObject({
      post: '201 nothing',
      put: '200 nothing',
      patch: '200 nothing',
      delete: '204 nothing',
    });
    await page.close();
    expect((await open.http.get('keyed')).body).toMatchObject({
      version: 2,
      token_budget: 1,
      metadata: { page: 1 },
      tombstoned: true,
    });
  });
});

describe('clients that are not web pages', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
    await create(service.http, 'one');
  });
  afterAll(() => service.stop());

  it.each(['localhost', '127.0.0.1'])('can read and write with curl without a key, at %s', async (host) => {
    const conversation = `http://${host}:${new URL(service.url).port}${service.http.path('one')}`;
    const curl = async (...args: string[]) =>
      (await promisify(execFile)('curl', ['-sS', '-f', ...args])).stdout;
    expect(await curl(`${conversation}/events`)).toContain(SECRET);
    const event = '{"event":{"role":"user","content":"of curl"}}';
    expect(
      await curl('-H', 'content-type: application/json', '-d', event, `${conversation}/events`),
    ).toContain('"seq"');
  });

  it('can read, write and follow with the client package without a key', async () => {
    const program = `
      import { createClient } from 'fastpaca';
      const client = createClient({ baseUrl: ${JSON.stringify(service.url)} });
      const ctx = await client.context('of the package').budget(1000);
      await ctx.append({ role: 'user', content: 'of the package' });
      for await (const change of ctx.watch({ cursor: 0 })) {
        console.log(JSON.stringify(change));
        break;
      }`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      {
        env: { PATH: process.env.PATH },
      },
    );
    expect(stdout).toContain('of the package');
  });
});
