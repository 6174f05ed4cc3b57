import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { ConflictError, createClient, NotFoundError, type Change, type Context } from '../src/index.js';
import { allOf } from './support/all-of.js';

let service: TestService;
let ctx: Context;
beforeAll(async () => {
  service = await TestService.start();
  ctx = await createClient({ baseUrl: service.url }).context('undo').budget(100_000);
});
afterAll(() => service.stop());

it('ctx.compactions lists, ctx.undo restores, ctx.watch tells', async () => {
  await ctx.append(['one', 'two', 'three'].map((content) => ({ role: 'user' as const, content })));
  const inner = await ctx.compact({
    fromSeq: 1,
    toSeq: 1,
    replacement: [{ role: 'user', content: 'first' }],
  });
  const outer = await ctx.withdraw({ fromSeq: 1, toSeq: 2 });
  await expect(ctx.undo(inner.version)).rejects.toMatchObject({ reason: 'compaction_replaced' });
  await expect(ctx.undo(outer.version, { ifVersion: 1 })).rejects.toThrow(ConflictError);
  await expect(ctx.undo(1)).rejects.toThrow(NotFoundError);
  await expect(ctx.undo(0)).rejects.toThrow(RangeError);
  expect(await ctx.undo(outer.version, { ifVersion: 5 })).toEqual({ version: 6 });
  await expect(ctx.undo(outer.version)).rejects.toMatchObject({ reason: 'compaction_undone' });
  expect((await ctx.window()).messages.map(({ content }) => content)).toEqual(['first', 'two', 'three']);
  const common = { insertedAt: expect.any(String), tokenEstimate: expect.any(Number) };
  expect(await allOf(ctx.compactions())).toEqual([
    {
      ...common,
      version: 5,
      fromSeq: 1,
      toSeq: 2,
      active: false,
      withdrawn: true,
      undoneAtVersion: 6,
      replacement: [],
    },
    {
      ...common,
      version: 4,
      fromSeq: 1,
      toSeq: 1,
      active: true,
      replacement: [expect.objectContaining({ role: 'user' })],
    },
  ]);
  const changes: Change[] = [];
  for await (const change of ctx.watch({ cursor: 4 })) {
    if (change.type === 'compaction') changes.push(change);
    if (change.type === 'window') break;
  }
  expect(changes).toEqual([
    { type: 'compaction', version: 5, range: { fromSeq: 1, toSeq: 2 }, withdrawn: true },
    { type: 'compaction', version: 6, range: { fromSeq: 1, toSeq: 2 }, undoes: 5 },
  ]);
});
