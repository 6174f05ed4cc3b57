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
  proxy.requests.length = 0;
});
afterEach(() => proxy.stop());

const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => {
      throw new Error('the call did not fail');
    },
    (error: unknown) => error as sdk.FastpacaError,
  );

describe('an error response of the service', () => {
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
  ] as const)('maps status %i to %s after %i attempts of a safe call', async (status, name, attempts) => {
    const body = JSON.stringify({ error: 'some_code', message: 'Some message', request_id: 'r-1' });
    for (let n = 0; n < attempts; n += 1) proxy.interceptNext({ type: 'respond', status, body });
    const error = await errorOf(ctx.window());
    expect(error).toBeInstanceOf(sdk[name]);
    expect(error).toBeInstanceOf(sdk.FastpacaError);
    expect(error).toMatchObject({
      name,
      status,
      code: 'some_code',
      message: 'Some message',
      requestId: 'r-1',
    });
    expect(proxy.requests).toHaveLength(attempts);
  });

  it('lists every violation of an invalid request', async () => {
    const error = await errorOf(ctx.append({ role: 'nobody', parts: [{}], id: 7 } as never));
    expect(error).toBeInstanceOf(sdk.InvalidRequestError);
    expect(error.details!.map(({ path }) => path).sort()).toEqual([
      'event.id',
      'event.parts[0].type',
      'event.role',
    ]);
    expect(error.message).toContain('event.role');
  });

  it('throws a PayloadTooLargeError for a body over the limit', async () => {
    const error = await errorOf(ctx.append({ role: 'user', content: 'x'.repeat(3000) }));
    expect(error).toBeInstanceOf(sdk.PayloadTooLargeError);
  });

  it('has the reason tombstoned for an append to a deleted conversation', async () => {
    const deleted = await sdk.createClient({ baseUrl: proxy.url }).context('gone').budget(10);
    await deleted.delete();
    await deleted.delete();
    expect(await errorOf(deleted.append({ role: 'user', content: 'a' }))).toMatchObject({
      code: 'conflict',
      reason: 'tombstoned',
    });
    expect((await deleted.get()).tombstoned).toBe(true);
  });
});

describe('a response that is not from the service', () => {
  it('throws an error with its status and the beginning of its body', async () => {
    proxy.interceptNext({ type: 'respond', status: 404, body: `<html>${'x'.repeat(1000)}` });
    const error = await errorOf(ctx.window());
    expect(error).toBeInstanceOf(sdk.NotFoundError);
    expect(error.message).toMatch(/\/window responded with 404: <html>x{194}…$/);
  });

  it('throws an error that mentions the base URL when its status is 200', async () => {
    proxy.interceptNext({ type: 'respond', status: 200, body: '<html>' });
    const error = await errorOf(ctx.window());
    expect(error).toMatchObject({ status: 200, code: 'unexpected_answer' });
    expect(error.message).toContain('Is the base URL that of a Fastpaca service?');
  });
});

describe('Retry-After', () => {
  it('prevents a retry if it is longer than 30 seconds', async () => {
    proxy.interceptNext({ type: 'respond', status: 429, headers: { 'retry-after': '31' } });
    expect(await errorOf(ctx.window())).toMatchObject({ status: 429, retryAfterMs: 31_000 });
    expect(proxy.requests).toHaveLength(1);
  });
});

describe('an unreachable service', () => {
  it('throws a ConnectionError with the URL and the cause', async () => {
    const stoppedProxy = await HttpProxy.start(service.url);
    const baseUrl = `${stoppedProxy.url}/v1`;
    await stoppedProxy.stop();
    const error = await errorOf(sdk.createClient({ baseUrl, maxRetries: 0 }).context('a').window());
    expect(error).toBeInstanceOf(sdk.ConnectionError);
    expect(error.status).toBeUndefined();
    expect(error.message).toContain(`GET ${baseUrl}/conversations/a/window`);
    expect(error.cause).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });
});
