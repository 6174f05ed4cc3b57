import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectError, violationPaths } from '../support/error-shape.js';
import { sendRaw } from '../support/raw-http.js';
import { TestService } from '../support/test-service.js';

const EVENT = { role: 'user', content: 'hello' };

let service: TestService;
beforeAll(async () => (service = await TestService.start()));
afterAll(() => service.stop());

describe('the conversation id', () => {
  it.each([
    'user:42/chat é',
    'a/b/c',
    '/',
    '..',
    'a%2Fb',
    'a%',
    '%zz',
    '%25',
    'a?b=c&d',
    'a#b',
    'a;b=c',
    'a+b',
    'a\\b',
    '"quoted"',
    "'; DROP TABLE fastpaca.events; --",
    ' ',
    ' a ',
    'events',
    ':id',
    '*',
    '{id}',
    '__proto__',
    '\u00a0',
    '\u200b\u2028\ufeff',
    '\uffff',
    '会话',
    '👩‍👩‍👧',
  ])('is the percent-decoded path segment: "%s"', (id) => expectUsableId(id));

  it('may have up to 255 code points', async () => {
    for (const letter of ['x', 'é', '😀']) await expectUsableId(letter.repeat(255));
  });

  /** Creates, writes, reads and deletes a conversation with this id. */
  async function expectUsableId(id: string): Promise<void> {
    // Raw bytes, because HTTP clients resolve %2e%2e to the parent path.
    const encoded = [...Buffer.from(id)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    const send = (method: string, rest: string, body?: unknown) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      return sendRaw(
        service.url,
        `${method} /v1/conversations/${encoded}${rest} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n` +
          (text && `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n`) +
          `\r\n${text}`,
      );
    };
    const created = await send('PUT', '', { token_budget: 100 });
    expect(created.status).toBe(201);
    expect(created.body.id).toBe(id);
    expect((await send('POST', '/events', { event: EVENT, if_version: 0 })).status).toBe(201);
    expect((await send('GET', '')).body).toMatchObject({ id, version: 1 });
    expect((await send('GET', '/events')).body.events).toHaveLength(1);
    expect((await send('GET', '/window')).body.messages).toHaveLength(1);
    expect((await send('DELETE', '')).status).toBe(204);
  }

  it('is compared exactly, including case and Unicode normal form', async () => {
    const ids = ['Case', 'case', 'case ', 'caf\u00e9', 'cafe\u0301', 'a/b', 'a%2Fb', 'ﬀ', 'ff'];
    for (const [index, id] of ids.entries()) {
      expect((await service.http.put(`t:${id}`, { token_budget: index + 1 })).status).toBe(201);
    }
    for (const [index, id] of ids.entries()) {
      expect((await service.http.get(`t:${id}`)).body).toMatchObject({
        id: `t:${id}`,
        token_budget: index + 1,
      });
    }
  });

  it('is the same for every percent-encoding of the path', async () => {
    await service.http.put('spelt:a/é');
    for (const path of ['spelt:a%2Fé', 'spelt%3Aa%2f%c3%a9', '%73pelt:%61%2F%C3%A9']) {
      const response = await service.http.request('GET', `/v1/conversations/${path}`);
      expect(response.body.id).toBe('spelt:a/é');
    }
  });

  it('is rejected with 400 when it has 256 code points or a control character', async () => {
    for (const id of [
      'x'.repeat(256),
      '😀'.repeat(256),
      'a\u0000',
      '\u0001',
      'a\nb',
      '\u007f',
      '\u0085',
      '\t',
    ]) {
      const response = await service.http.put(id);
      expectError(response, 400);
      expect(violationPaths(response)).toEqual(['id']);
    }
  });
});
