import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import * as sdk from '../src/index.js';
import { HttpProxy } from './support/http-proxy.js';

let service: TestService;
let proxy: HttpProxy;
let ctx: sdk.Context;
beforeAll(async () => {
  service = await TestService.start({ env: { FASTPACA_BODY_LIMIT: '2000' } });
});
afterAll(() => service.stop());
beforeEach(async () => {
  proxy = await HttpProxy.start(service.url);
  ctx = await sdk.createClient({ baseUrl: proxy.url, maxRetries: 1 }).context('errors').budget(1000);
  proxy.seen.length = 0;
});
afterEach(() => proxy.stop());

const failure = (call: Promise<unknown>) =>
  call.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as sdk.FastpacaError,
  );

describe('an error of the service', () => {
  it.each([
    [400, 'InvalidRequestError', 1],
    [401, 'UnauthorizedError', 1],
    [403, 'ForbiddenError', 1],
    [404, 'NotFoundError', 1],
    [409, 'ConflictError', 1],
    [413, 'PayloadTooLargeError', 1],
    [418, 'FastpacaError', 1],
    [429, 'RateLimitError', 2],
    [500, 'ServerError', 2],
    [503, 'UnavailableError', 2],
  ] as const)('of status %i is a %s, after %i tries of a safe call', async (status, name, tries) => {
    const body = JSON.stringify({ error: 'some_code', message: 'Some message', request_id: 'r-1' });
    for (let n = 0; n < tries; n += 1) proxy.next({ type: 'answer', status, body });
    const error = await failure(ctx.window());
    expect(error).toBeInstanceOf(sdk[name]);
    expect(error).toBeInstanceOf(sdk.FastpacaError);
    expect(error).toMatchObject({
      name,
      status,
      code: 'some_code',
      message: 'Some message',
      requestId: 'r-1',
    });
    expect(proxy.seen).toHaveLength(tries);
  });

  it('names every violation of a bad request', async () => {
    const error = await failure(ctx.append({ role: 'nobody', parts: [{}], id: 7 } as never));
    expect(error).toBeInstanceOf(sdk.InvalidRequestError);
    expect(error.details!.map(({ path }) => path).sort()).toEqual([
      'event.id',
      'event.parts[0].type',
      'event.role',
    ]);
    expect(error.message).toContain('event.role');
  });

  it('says that a body is too large', async () => {
    const error = await failure(ctx.append({ role: 'user', content: 'x'.repeat(3000) }));
    expect(error).toBeInstanceOf(sdk.PayloadTooLargeError);
  });

  it('says that a conversation was deleted', async () => {
    const gone = await sdk.createClient({ baseUrl: proxy.url }).context('gone').budget(10);
    await gone.delete();
    await gone.delete();
    expect(await failure(gone.append({ role: 'user', content: 'a' }))).toMatchObject({
      code: 'conflict',
      reason: 'tombstoned',
    });
    expect((await gone.get()).tombstoned).toBe(true);
  });
});

describe('an answer that is none of the service', () => {
  it('is told as it is, with its status', async () => {
    proxy.next({ type: 'answer', status: 404, body: `<html>${'x'.repeat(1000)}` });
    const error = await failure(ctx.window());
    expect(error).toBeInstanceOf(sdk.NotFoundError);
    expect(error.message).toMatch(/\/window responded with 404: <html>x{194}…$/);
  });

  it('and claims to be good is an error that asks for the base URL', async () => {
    proxy.next({ type: 'answer', status: 200, body: '<html>' });
    const error = await failure(ctx.window());
    expect(error).toMatchObject({ status: 200, code: 'unexpected_answer' });
    expect(error.message).toContain('Is the base URL that of a Fastpaca service?');
  });
});

describe('Retry-After', () => {
  it('of more than 30 seconds is left to the caller', async () => {
    proxy.next({ type: 'answer', status: 429, headers: { 'retry-after': '31' } });
    expect(await failure(ctx.window())).toMatchObject({ status: 429, retryAfterMs: 31_000 });
    expect(proxy.seen).toHaveLength(1);
  });
});

describe('a service that is not there', () => {
  it('is a ConnectionError that names the address and keeps the cause', async () => {
    const away = await HttpProxy.start(service.url);
    const baseUrl = `${away.url}/v1`;
    await away.stop();
    const error = await failure(sdk.createClient({ baseUrl, maxRetries: 0 }).context('a').window());
    expect(error).toBeInstanceOf(sdk.ConnectionError);
    expect(error.status).toBeUndefined();
    expect(error.message).toContain(`GET ${baseUrl}/conversations/a/window`);
    expect(error.cause).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });
});
