import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { createClient, GoneError, NotFoundError, type Client } from '../src/index.js';

let service: TestService;
let client: Client;
beforeAll(async () => {
  service = await TestService.start();
  client = createClient({ baseUrl: service.url });
});
afterAll(() => service.stop());

describe('ctx.erase', () => {
  it('returns the receipt, again when it is repeated, and every other call throws GoneError', async () => {
    const ctx = await client.context('erased').budget(1000);
    await ctx.append([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
    ]);
    await ctx.withdraw({ fromSeq: 2 });
    const receipt = await ctx.erase();
    expect(receipt).toEqual({
      id: 'erased',
      erasedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      events: 2,
      compactions: 1,
      bytes: expect.any(Number),
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await client.context('erased').erase()).toEqual(receipt);
    for (const call of [
      () => ctx.get(),
      () => ctx.window(),
      () => ctx.append({ role: 'user', content: 'c' }),
      () => ctx.delete(),
      () => client.context('erased').budget(10).get(),
    ])
      await expect(call()).rejects.toThrow(GoneError);
    await expect(ctx.get()).rejects.toMatchObject({ status: 410, code: 'gone' });
  });

  it('sends no settings: an unknown conversation is not created', async () => {
    await expect(client.context('unknown').budget(10).erase()).rejects.toThrow(NotFoundError);
    await expect(client.context('unknown').get()).rejects.toThrow(NotFoundError);
  });

  it('ends an open iteration of watch with GoneError', async () => {
    const ctx = await client.context('watched').budget(1000);
    await ctx.append({ role: 'user', content: 'a' });
    const types: string[] = [];
    const follow = async () => {
      for await (const { type } of ctx.watch({ cursor: 0 })) {
        types.push(type);
        if (type === 'window') await ctx.erase();
      }
    };
    await expect(follow()).rejects.toThrow(GoneError);
    expect(types).toEqual(['event', 'window']);
  });
});

describe('ctx.ttl', () => {
  it('sets the time to live, and 0 removes it', async () => {
    await client.context('mortal').budget(1000).ttl(60);
    expect((await client.context('mortal').get()).ttlSeconds).toBe(60);
    await client.context('mortal').ttl(0);
    expect(await client.context('mortal').get()).not.toHaveProperty('ttlSeconds');
    expect(() => client.context('mortal').ttl(-1)).toThrow(RangeError);
  });
});
