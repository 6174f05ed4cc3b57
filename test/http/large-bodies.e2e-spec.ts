import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MAX_JSON_MEMBERS, MAX_JSON_VALUES } from '../../src/common/json/json-size.js';
import { expectError } from '../support/error-shape.js';
import { readMetrics } from '../support/metrics-text.js';
import { RawConnection } from '../support/raw-http.js';
import { TestService } from '../support/test-service.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const BODY_LIMIT = 8 * MIB;
/** Limit for the bodies in flight. Three quarters of it are for large bodies. */
const UPLOAD_BYTES = 4 * MIB;

let service: TestService;
beforeAll(async () => {
  service = await TestService.start({ env: { FASTPACA_UPLOAD_BYTES: String(UPLOAD_BYTES) } });
  await service.http.put('one');
});
afterAll(() => service.stop());

const call = (method: string, rest: string, body: string) =>
  service.http.request(method, service.http.path('one', rest), { body });
const head = (framing: string) =>
  `POST /v1/conversations/one/events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${framing}\r\n\r\n`;
/** Returns the body of a valid append with exactly this many bytes. */
function appendBody(bytes: number): string {
  const template = JSON.stringify({
    event: { role: 'user', parts: [{ type: 'file', data: '' }], token_count: 1 },
  });
  return template.replace('"data":""', `"data":"${'x'.repeat(bytes - template.length)}"`);
}
/** Resolves when the bytes of large bodies in flight satisfy the condition. */
async function untilInFlight(is: (bytes: number) => boolean): Promise<void> {
  while (!is((await readMetrics(service)).value('fastpaca_upload_bytes', { size: 'large' })));
}
const times = (count: number, item: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => item(n));

describe('a body with very many values', () => {
  const unknownFields = (count: number, name: (index: number) => string) =>
    times(count, (n) => `${JSON.stringify(name(n))}:1`).join(',');

  it.each([
    [
      'parts that are not objects',
      'POST',
      '/events',
      `{"event":{"role":"user","parts":[${times(123_437, () => '1').join(',')}]}}`,
    ],
    [
      'parts without a type',
      'POST',
      '/events',
      `{"event":{"role":"user","parts":[${times(123_437, () => '{}').join(',')}]}}`,
    ],
    [
      'invalid replacement messages',
      'POST',
      '/compact',
      `{"from_seq":1,"to_seq":1,"replacement":[${times(100_000, () => '1').join(',')}]}`,
    ],
    ['unknown fields', 'POST', '/events', `{${unknownFields(40_000, (n) => `field${n}`)}}`],
    [
      'unknown fields with long names',
      'PATCH',
      '/metadata',
      `{${unknownFields(1000, (n) => `${n}${'中\u0001'.repeat(500)}`)}}`,
    ],
    [
      'unknown fields of a policy',
      'PUT',
      '',
      `{"token_budget":1,"policy":{"strategy":"budget",${unknownFields(40_000, (n) => `x${n}`)}}}`,
    ],
    [
      'unknown fields of a policy config',
      'PUT',
      '',
      `{"token_budget":1,"policy":{"strategy":"last_n","config":{${unknownFields(1000, (n) => `${n}${'\ud800'.repeat(1000)}`)}}}}`,
    ],
  ])('gets a 400 of less than 64 KiB that lists the first violations: %s', async (_, method, rest, body) => {
    const response = await call(method, rest, body);
    expectError(response, 400);
    expect(Buffer.byteLength(response.text)).toBeLessThan(64 * KIB);
    const { details } = response.body;
    expect(details.length).toBeGreaterThan(20);
    expect(details.length).toBeLessThanOrEqual(101);
    expect(details.at(-1)).toEqual({
      path: '',
      message: `there are at least 101 violations; the first ${details.length - 1} are listed`,
    });
    expect(details[0].path).not.toBe('');
  });

  it('is rejected with 413 before it is parsed if it has too many values or members', async () => {
    const values = `[${times(MAX_JSON_VALUES, () => '1').join(',')}`;
    const connection = await RawConnection.open(service.url);
    // The JSON is incomplete: a parser would reject it with 400.
    connection.write(head(`content-length: ${BODY_LIMIT}`)).write(values);
    const response = await connection.response();
    expectError(response, 413);
    expect(response.body.message).toContain(String(MAX_JSON_VALUES));
    connection.close();

    const members = `{${times(MAX_JSON_MEMBERS + 1, (n) => `"${n}":1`).join(',')}`;
    const chunked = await RawConnection.open(service.url);
    chunked
      .write(head('transfer-encoding: chunked'))
      .write(`${members.length.toString(16)}\r\n${members}\r\n`);
    const chunkedResponse = await chunked.response();
    expectError(chunkedResponse, 413);
    expect(chunkedResponse.body.message).toContain(String(MAX_JSON_MEMBERS));
    chunked.close();
  });

  it('is accepted with the maximum number of values or members', async () => {
    const numbers = times(MAX_JSON_VALUES - 10, () => '1').join(',');
    const rows = times(4_900, () => `{${times(10, (n) => `"c${n}":${n}`).join(',')}}`).join(',');
    for (const output of [`[${numbers}]`, `[${rows}]`]) {
      const body = `{"event":{"role":"tool","parts":[{"type":"tool_result","output":${output}}],"token_count":1}}`;
      expect((await call('POST', '/events', body)).status).toBe(201);
    }
  });
});

describe('the limit for bodies in flight', () => {
  const startUpload = async () => {
    const body = appendBody(2 * MIB);
    const connection = await RawConnection.open(service.url);
    connection.write(head(`content-length: ${body.length}`)).write(body.slice(0, MIB));
    await untilInFlight((bytes) => bytes === 2 * MIB);
    return { connection, rest: body.slice(MIB) };
  };

  it('rejects further large bodies with 503 before they are read, and accepts small ones', async () => {
    const { connection, rest } = await startUpload();

    const rejected = await RawConnection.open(service.url);
    const response = await rejected.write(head(`content-length: ${2 * MIB}`)).response();
    expectError(response, 503);
    expect(response.headers.get('retry-after')).toBe('1');
    rejected.close();

    const chunked = await RawConnection.open(service.url);
    const chunk = `40000\r\n${'x'.repeat(0x40000)}\r\n`; // 256 KiB
    chunked.write(head('transfer-encoding: chunked')).write(chunk.repeat(5));
    expectError(await chunked.response(), 503);
    chunked.close();

    expect((await service.http.say('one', 'a small one')).status).toBe(201);
    expect((await call('POST', '/events', appendBody(512 * KIB))).status).toBe(201); // fits the remaining bytes

    expect((await connection.write(rest).response()).status).toBe(201);
    connection.close();
    expect((await call('POST', '/events', appendBody(2 * MIB))).status).toBe(201);
    await untilInFlight((bytes) => bytes === 0);
  });

  it('is released when a client disconnects, before or after its body is complete', async () => {
    const { connection } = await startUpload();
    connection.close();
    await untilInFlight((bytes) => bytes === 0);

    const { connection: second, rest } = await startUpload();
    second.write(rest);
    second.finish();
    second.close();
    await untilInFlight((bytes) => bytes === 0);
  });

  it('admits a body above it when no other is in flight', async () => {
    expect((await call('POST', '/events', appendBody(BODY_LIMIT))).status).toBe(201);
  });
});

describe('a response that is sent before the body is read', () => {
  /** Writes the whole body before it reads the response. @returns the status */
  function writeThenRead(headers: Record<string, string>, chunks: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = httpRequest(`${service.url}/v1/conversations/one/events`, {
        method: 'POST',
        agent: false, // sends `connection: close`
        headers: { 'content-type': 'application/json', ...headers },
      });
      sent.once('error', reject);
      const status = new Promise<number>((resolveStatus) =>
        sent.once('response', (response) => {
          response.pause();
          resolveStatus(response.statusCode ?? 0);
        }),
      );
      const chunk = Buffer.alloc(MIB, 'x');
      let remaining = chunks;
      const writeNext = () => {
        if (remaining-- > 0) sent.write(chunk, writeNext);
        else sent.end(() => resolve(status));
      };
      writeNext();
    });
  }

  it.each([
    ['413, by the content-length', 413, { 'content-length': String(32 * MIB) }],
    ['413, chunked', 413, { 'transfer-encoding': 'chunked' }],
    ['415', 415, { 'content-length': String(32 * MIB), 'content-type': 'text/plain' }],
  ])('reaches a client that continues to write: %s', async (_, status, headers) => {
    for (let round = 0; round < 5; round += 1)
      expect(await writeThenRead(headers as Record<string, string>, 32)).toBe(status);
  });

  it('reaches a client that continues to write: 503', async () => {
    const connection = await RawConnection.open(service.url);
    connection.write(head(`content-length: ${3 * MIB}`)).write('{');
    await untilInFlight((bytes) => bytes === 3 * MIB);
    for (let round = 0; round < 5; round += 1)
      expect(await writeThenRead({ 'content-length': String(8 * MIB) }, 8)).toBe(503);
    connection.close();
  });

  it.each([
    ['omits the rest of the body', ''],
    ['continues with malformed HTTP', '\r\nno HTTP\r\n\r\n'],
  ])('is the only response to a client that %s', async (_, rest) => {
    const { hostname, port } = new URL(service.url);
    const framing = rest ? 'transfer-encoding: chunked' : 'content-length: 1000';
    const socket = connect({ host: hostname, port: Number(port) });
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk));
    socket.write(head(framing).replace('application/json', 'text/plain'));
    await once(socket, 'data');
    socket.end(rest);
    await once(socket, 'close');
    const statusLines = Buffer.concat(received)
      .toString()
      .match(/HTTP\/1\.1 \d+/g);
    expect(statusLines).toEqual(['HTTP/1.1 415']);
  });
});
