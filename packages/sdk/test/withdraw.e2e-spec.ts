import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import {
  ConflictError,
  createClient,
  InvalidRequestError,
  toUIMessages,
  type Context,
  type LoggedEvent,
} from '../src/index.js';
import { allOf } from './support/all-of.js';
import { HttpProxy } from './support/http-proxy.js';

let service: TestService;
let proxy: HttpProxy;
let ctx: Context;
let conversations = 0;
beforeAll(async () => {
  service = await TestService.start();
});
afterAll(() => service.stop());
beforeEach(async () => {
  proxy = await HttpProxy.start(service.url);
  ctx = await createClient({ baseUrl: proxy.url })
    .context(`withdraw-${(conversations += 1)}`)
    .budget(100_000);
});
afterEach(() => proxy.stop());

const user = (content: string, id?: string) => ({ role: 'user' as const, content, ...(id && { id }) });
const assistant = (content: string, id?: string) => ({
  role: 'assistant' as const,
  content,
  ...(id && { id }),
});
const windowTexts = async () => (await ctx.window()).messages.map(({ content }) => content as string);
const uiTexts = async () =>
  (await ctx.uiMessages()).map(({ parts }) => parts.map(({ text }: { text: string }) => text).join());
const withdrawals = () => proxy.requestsTo('POST', '/withdraw').map(({ body }) => body);

describe('ctx.withdraw', () => {
  it('takes a range out of the window, and marks its events in the log', async () => {
    await ctx.append([user('one'), assistant('two'), user('three')]);
    expect(await ctx.withdraw({ fromSeq: 2, toSeq: 2, ifVersion: 3 })).toEqual({
      version: 4,
      fromSeq: 2,
      toSeq: 2,
    });
    expect(await windowTexts()).toEqual(['one', 'three']);
    const events = await allOf(ctx.replay());
    expect(events.map(({ seq, withdrawnAtVersion }) => [seq, withdrawnAtVersion])).toEqual([
      [1, undefined],
      [2, 4],
      [3, undefined],
    ]);
    expect((await allOf(ctx.replay({ withdrawn: 'exclude' }))).map(({ seq }) => seq)).toEqual([1, 3]);
    expect(events[0]).not.toHaveProperty('withdrawnAtVersion');
  });

  it('withdraws up to the end of the log without toSeq', async () => {
    await ctx.append([user('one'), assistant('two'), user('three')]);
    expect(await ctx.withdraw({ fromSeq: 2 })).toMatchObject({ toSeq: 3 });
    expect(withdrawals()).toEqual([{ from_seq: 2 }]);
    expect(await windowTexts()).toEqual(['one']);
  });

  it('extends a range that ends with the seq of a summary to the whole summary', async () => {
    await ctx.append([user('one'), user('two'), user('three'), user('four')]);
    await ctx.compact({ fromSeq: 2, toSeq: 3, replacement: [user('two and three')] });
    expect(await ctx.withdraw({ fromSeq: 1, toSeq: 2 })).toEqual({ version: 6, fromSeq: 1, toSeq: 3 });
    expect(await windowTexts()).toEqual(['four']);
    await expect(ctx.withdraw({ fromSeq: 2 })).rejects.toThrow(InvalidRequestError);
  });

  it('warns if the range separates a tool call from its result', async () => {
    await ctx.append([
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'a', name: 'find', input: {} }] },
      { role: 'tool', parts: [{ type: 'tool_result', tool_call_id: 'a', output: 'x' }] },
    ]);
    expect((await ctx.withdraw({ fromSeq: 2 })).warnings).toEqual([
      { code: 'splits_group', fromSeq: 1, toSeq: 2 },
    ]);
  });

  it('rejects invalid arguments, and a conversation that has moved on', async () => {
    await ctx.append(user('one'));
    await expect(ctx.withdraw({ fromSeq: 0 })).rejects.toThrow(RangeError);
    await expect(ctx.withdraw({ fromSeq: 1, toSeq: NaN })).rejects.toThrow(RangeError);
    await expect(ctx.withdraw({ fromSeq: 1, ifVersion: -1 })).rejects.toThrow(RangeError);
    expect(withdrawals()).toEqual([]);
    await expect(ctx.withdraw({ fromSeq: 1, ifVersion: 7 })).rejects.toThrow(ConflictError);
  });

  it('is a change of watch that says so', async () => {
    await ctx.append([user('one'), user('two')]);
    const changes = ctx.watch({ cursor: 2 });
    await ctx.withdraw({ fromSeq: 2 });
    await ctx.compact({ fromSeq: 1, toSeq: 1, replacement: [user('1')] });
    const found = [];
    for await (const change of changes) {
      if (change.type === 'compaction') found.push(change);
      if (found.length === 2) break;
    }
    expect(found).toEqual([
      { type: 'compaction', version: 3, range: { fromSeq: 2, toSeq: 2 }, withdrawn: true },
      { type: 'compaction', version: 4, range: { fromSeq: 1, toSeq: 1 } },
    ]);
  });

  it('is what a compaction without messages does', async () => {
    await ctx.append([user('one'), user('two')]);
    await ctx.compact({ fromSeq: 1, toSeq: 1, replacement: [] });
    expect(await windowTexts()).toEqual(['two']);
    expect(
      (await ctx.previewWindow({ compaction: { fromSeq: 2, toSeq: 2, replacement: [] } })).messages,
    ).toEqual([]);
  });
});

it('the program of the README edits and regenerates', async () => {
  const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  const programs = readme.matchAll(/^```typescript\n([\s\S]*?)^```/gm);
  const code = [...programs].map(([, each = '']) => each).find((each) => each.includes('ctx.regenerate()'))!;
  const AsyncFunction = Object.getPrototypeOf(async () => Promise.resolve()).constructor;
  const printed: unknown[][] = [];
  await new AsyncFunction('ctx', 'console', code)(ctx, {
    log: (...values: unknown[]) => printed.push(values),
  });
  expect(await windowTexts()).toEqual(['What is the capital of Peru?', 'Lima.']);
  expect(printed).toEqual([[4, 2], [1, 3], [2, 3], [3, undefined], [4, 6], [5, undefined], [3], [5]]);
});

describe('ctx.regenerate', () => {
  it('withdraws everything after the newest message of the user', async () => {
    await ctx.append([
      user('Question'),
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'a', name: 'find', input: {} }] },
      { role: 'user', parts: [{ type: 'tool_result', tool_use_id: 'a', content: 'found' }] },
      assistant('Answer'),
    ]);
    expect(await ctx.regenerate()).toEqual({ version: 5, fromSeq: 2, toSeq: 4 });
    expect(await windowTexts()).toEqual(['Question']);
    expect(await ctx.regenerate()).toBeNull();
    await ctx.append(assistant('Other answer'));
    // The earlier withdrawal is part of the new one, so that only one stays active.
    expect(await ctx.regenerate()).toEqual({ version: 7, fromSeq: 2, toSeq: 5 });
    expect(await windowTexts()).toEqual(['Question']);
  });

  it('withdraws the answer of this id, and everything after it', async () => {
    await ctx.append([user('Q1', 'q-1'), assistant('A1', 'a-1'), user('Q2'), assistant('A2')]);
    expect(await ctx.regenerate({ messageId: 'seq-4' })).toMatchObject({ fromSeq: 4, toSeq: 4 });
    expect(await ctx.regenerate({ messageId: 'a-1' })).toMatchObject({ fromSeq: 2, toSeq: 4 });
    expect(await windowTexts()).toEqual(['Q1']);
    expect(await ctx.regenerate({ messageId: 'a-1' })).toBeNull();
    expect(await ctx.regenerate({ messageId: 'q-1' })).toBeNull();
    expect(await ctx.regenerate({ messageId: 'nobody' })).toBeNull();
    await ctx.append(assistant('A1b'));
    expect(await ctx.regenerate({ messageId: 'q-1' })).toMatchObject({ fromSeq: 2, toSeq: 5 });
  });

  it('finds an answer behind many events', async () => {
    await ctx.append([user('Q1'), assistant('A1', 'a-1')]);
    for (let n = 0; n < 3; n += 1)
      await ctx.append(Array.from({ length: 100 }, (_, index) => user(`more ${n} ${index}`)));
    expect(await ctx.regenerate({ messageId: 'a-1' })).toMatchObject({ fromSeq: 2, toSeq: 302 });
  });

  it('returns null for an empty conversation, and without a message of the user', async () => {
    expect(await ctx.regenerate()).toBeNull();
    await ctx.append(assistant('Hello'));
    expect(await ctx.regenerate()).toBeNull();
    expect(withdrawals()).toEqual([]);
  });

  it('reads again if another writer appends meanwhile', async () => {
    await ctx.append([user('Q1'), assistant('A1')]);
    const overtaken: typeof fetch = async (input, init) => {
      if ((input as string).endsWith('/withdraw')) await service.http.say(ctx.id, 'Q2');
      return fetch(input, init);
    };
    const client = createClient({ baseUrl: proxy.url, fetch: overtaken });
    // At the second attempt, the newest question has no answer.
    expect(await client.context(ctx.id).regenerate()).toBeNull();
    expect(withdrawals()).toHaveLength(1);
  });
});

describe('ctx.uiMessages', () => {
  it('shows no withdrawn events, also after a summary has covered them', async () => {
    await ctx.append([user('Q1'), assistant('A1'), user('Q2'), assistant('A2')]);
    await ctx.withdraw({ fromSeq: 2, toSeq: 2 });
    await ctx.append(assistant('A3'));
    await ctx.compact({ fromSeq: 1, toSeq: 3, replacement: [user('so far')] });
    expect(await uiTexts()).toEqual(['Q1', 'Q2', 'A2,A3']);
    const newest = await ctx.uiMessages({ limit: 4 });
    expect(newest.map(({ id }) => id as string)).toEqual(['seq-3', 'seq-4']);
    expect(toUIMessages(await allOf(ctx.replay())).map(({ id }) => id as string)).toEqual([
      'seq-1',
      'seq-3',
      'seq-4',
    ]);
  });

  it('shows the whole log although its first events are withdrawn', async () => {
    await ctx.append([user('Q1'), assistant('Hello'), user('Q2')]);
    await ctx.withdraw({ fromSeq: 1, toSeq: 1 });
    expect(await uiTexts()).toEqual(['Hello', 'Q2']);
  });

  it('is read from events that are appended again without their marks', async () => {
    await ctx.append([user('Q1')]);
    await ctx.withdraw({ fromSeq: 1 });
    const [event] = await allOf(ctx.replay());
    await ctx.append(event as LoggedEvent);
    expect(await uiTexts()).toEqual(['Q1']);
  });
});

describe('ctx.appendNewest of an edited message', () => {
  const request = (text: string, id = 'm-1') => [{ id, role: 'user', parts: [{ type: 'text', text }] }];

  it('withdraws the message and everything after it, and appends the new one', async () => {
    await ctx.append(user('before'));
    await ctx.appendNewest(request('Qestion'));
    await ctx.append(assistant('What?'));
    const edited = await ctx.appendNewest(request('Question'), { messageId: 'm-1' });
    expect(edited).toMatchObject({ seq: 4, version: 5 });
    expect(await windowTexts()).toEqual(['before', 'Question']);
    expect((await ctx.uiMessages()).map(({ id }) => id as string)).toEqual(['seq-1', 'm-1']);
    await ctx.append(assistant('Answer'));
    for (const text of ['Qestion', 'Question']) await ctx.appendNewest(request(text), { messageId: 'm-1' });
    expect(await windowTexts()).toEqual(['before', 'Question']);
  });

  it('edits a message that has no id of its own', async () => {
    await ctx.append([user('Qestion'), assistant('What?')]);
    await ctx.appendNewest(request('Question', 'seq-1'), { messageId: 'seq-1' });
    expect(await windowTexts()).toEqual(['Question']);
  });

  it('only appends if the message is not in the log, or is no message of the user', async () => {
    await ctx.append([user('Q1'), assistant('A1', 'a-1')]);
    await ctx.appendNewest(request('Q2', 'm-2'), { messageId: 'm-2' });
    await ctx.appendNewest(request('Q2', 'm-2'), { messageId: undefined }); // sent again
    await ctx.appendNewest(request('Q3', 'm-3'), { messageId: 'a-1' });
    expect(await windowTexts()).toEqual(['Q1', 'A1', 'Q2', 'Q3']);
    expect(withdrawals()).toEqual([]);
  });
});
