import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { createClient, type Context } from '../src/index.js';
import { allOf } from './support/all-of.js';
import { HttpProxy } from './support/http-proxy.js';

const COUNT = 1050;

let service: TestService;
let proxy: HttpProxy;
let ctx: Context;
beforeAll(async () => {
  service = await TestService.start();
  const long = await createClient({ baseUrl: service.url }).context('long').budget(1000);
  for (let seq = 1; seq <= COUNT; seq += 50) {
    await long.append(
      Array.from({ length: 50 }, (_, index) => ({ role: 'user' as const, content: `m${seq + index}` })),
    );
  }
  await createClient({ baseUrl: service.url }).context('empty').budget(1000);
});
afterAll(() => service.stop());
beforeEach(async () => {
  proxy = await HttpProxy.start(service.url);
  ctx = await createClient({ baseUrl: proxy.url }).context('long');
});
afterEach(() => proxy.stop());

const seqs = async (options?: Parameters<Context['replay']>[0]) =>
  (await allOf(ctx.replay(options))).map(({ seq }) => seq);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const pages = () => proxy.requestsTo('GET', '/events');

describe('ctx.replay', () => {
  it('returns the whole log in as few pages as possible', async () => {
    const events = await allOf(ctx.replay());
    expect(events.map(({ seq }) => seq)).toEqual(range(1, COUNT));
    expect(events.map(({ parts }) => parts[0]!.text)).toEqual(range(1, COUNT).map((seq) => `m${seq}`));
    expect(pages()).toHaveLength(2);
  });

  it.each([
    [{ fromSeq: -50 }, range(COUNT - 49, COUNT)],
    [{ fromSeq: -5000, toSeq: 2 }, range(1, 2)],
    [{ fromSeq: 1001 }, range(1001, COUNT)],
    [{ fromSeq: 10, toSeq: 12 }, range(10, 12)],
    [{ toSeq: 3 }, range(1, 3)],
    [{ fromSeq: -3, toSeq: COUNT - 1 }, range(COUNT - 2, COUNT - 1)],
    [{ fromSeq: COUNT + 1 }, []],
    [{ fromSeq: 5, toSeq: 4 }, []],
    [{ toSeq: 0 }, []],
  ])('returns the range %p', async (options, expected) => {
    expect(await seqs(options)).toEqual(expected);
  });

  it('returns nothing for an empty log', async () => {
    ctx = await createClient({ baseUrl: proxy.url }).context('empty');
    expect(await seqs()).toEqual([]);
    expect(await seqs({ fromSeq: -10 })).toEqual([]);
  });

  it('ends at the last event that existed when the replay began', async () => {
    const growing = await createClient({ baseUrl: proxy.url }).context('growing').budget(1000);
    await growing.append([1, 2].map(() => ({ role: 'user' as const, content: 'a' })));
    const seqsRead = [];
    for await (const { seq } of growing.replay()) {
      seqsRead.push(seq);
      await growing.append({ role: 'user', content: 'more' });
    }
    expect(seqsRead).toEqual([1, 2]);
  });

  it('reads a page only when the iteration reaches it', async () => {
    for await (const { seq } of ctx.replay()) if (seq === 3) break;
    expect(pages()).toHaveLength(1);
    ctx.replay();
    expect(proxy.requests).toHaveLength(2);
  });

  it('requests the same page again after an error', async () => {
    proxy.interceptNext({ type: 'truncate-response', bytes: 5000 }, ({ path }) => path.includes('/events'));
    expect(await seqs({ fromSeq: 900 })).toEqual(range(900, COUNT));
    expect(pages()).toHaveLength(2);
  });

  it('rejects with the reason of the signal when it is aborted', async () => {
    const controller = new AbortController();
    const replay = ctx.replay({ signal: controller.signal });
    await replay.next();
    for (let seq = 2; seq <= 1000; seq += 1) await replay.next();
    controller.abort(new Error('enough'));
    await expect(replay.next()).rejects.toThrow('enough');
  });

  it('throws immediately for an invalid bound', () => {
    expect(() => ctx.replay({ fromSeq: Number.NaN })).toThrow(/^fromSeq must be an integer/);
    expect(() => ctx.replay({ toSeq: -1 })).toThrow(/^toSeq must be an integer/);
  });
});
