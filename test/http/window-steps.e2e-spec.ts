import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../support/test-service.js';
import { textEvent, WindowConversations } from '../support/window-conversations.js';

let service: TestService;
let windows: WindowConversations;
beforeAll(async () => {
  service = await TestService.start();
  windows = new WindowConversations(service, 'steps');
});
afterAll(() => service.stop());

const user = (text: string, tokens = 10) => textEvent('user', text, tokens);
const users = (count: number, tokens = 10) =>
  Array.from({ length: count }, (_, index) => user(`m${index + 1}`, tokens));
const budget = (config: object = {}) => ({ policy: { strategy: 'budget', config } });
const call = (id: string, tokens = 10) => ({
  role: 'assistant',
  parts: [{ type: 'tool_call', id, name: 'f', input: {} }],
  token_count: tokens,
});
const result = (id: string, content: string) => ({
  role: 'tool',
  parts: [{ type: 'tool_result', tool_call_id: id, content }],
});

describe('the start of a window that the budget cuts', () => {
  it('stands still until the budget overflows again', async () => {
    const id = await windows.create({ ...budget(), token_budget: 100 });
    const starts: number[] = [];
    for (const event of users(24)) {
      await service.http.append(id, { event });
      starts.push((await windows.seqs(id))[0] ?? 0);
    }
    // Steps are at multiples of 25 tokens: before events 1, 4, 6, 9, 11, 14, 16 …
    expect(starts).toEqual([...Array(10).fill(1), ...[4, 4, 4, 6, 6, 9, 9, 9, 11, 11, 14, 14, 14, 16]]);
  });

  it('is the first group at or after a multiple, and never inside a group', async () => {
    const events = [...users(2), call('a'), result('a', 'x'), ...users(8)];
    const id = await windows.create(budget(), events);
    const { body } = await service.http.window(id, '?budget_tokens=100');
    // 120 and a few tokens; the step at 25 is inside the group 3–4.
    expect(body.messages[0].seq).toBe(5);
    expect(body.used_tokens).toBe(80);
  });

  it('sees older open calls of the turn, which leave a result without an id alone', async () => {
    const withoutId = { role: 'tool', parts: [{ type: 'tool_result', output: 'r' }], token_count: 10 };
    const note = textEvent('assistant', 'a moment', 15);
    const events = [user('q', 215), call('a', 15), note, call('b'), withoutId, user('next', 70)];
    const id = await windows.create(budget(), events);
    const { body } = await service.http.window(id, '?budget_tokens=100');
    // The step at 250 is between the events 4 and 5, which are not a group: two calls are open.
    expect(body.messages).toMatchObject([{ seq: 6 }]);
    expect(body.repairs).toMatchObject([{ seq: 5 }]);
  });

  it('keeps as much as fits with a trim_ratio of 1', async () => {
    const id = await windows.create(budget({ trim_ratio: 1 }), users(24));
    expect(await windows.seqs(id, '?budget_tokens=95')).toHaveLength(9);
  });

  it('falls back to the newest groups that fit if no step does', async () => {
    const id = await windows.create(budget({ trim_ratio: 0.1 }), users(5, 30));
    // Steps at multiples of 90: before events 1 and 4.
    expect(await windows.seqs(id, '?budget_tokens=100')).toEqual([4, 5]);
    expect(await windows.seqs(id, '?budget_tokens=50')).toEqual([5]);
  });

  it('skips no step after a compaction', async () => {
    const id = await windows.create(budget(), users(30));
    await windows.summarize(id, 5, 25, 10);
    // The running total before event 26 is 250, and the group before it is event 4: the step at 250 is event 26.
    expect(await windows.seqs(id, '?budget_tokens=60')).toEqual([5, 26, 27, 28, 29, 30]);
  });

  it('leaves reserve_tokens free', async () => {
    const id = await windows.create(
      { ...budget({ trim_ratio: 1 }), token_budget: 100, reserve_tokens: 40 },
      users(10),
    );
    const { body } = await service.http.window(id);
    expect(body).toMatchObject({ budget_tokens: 60, used_tokens: 60, needs_compaction: true });
    expect((await service.http.window(id, '?budget_tokens=30')).body).toMatchObject({
      budget_tokens: 0,
      messages: [],
      overflow: { seq: 10, tokens: 10 },
    });
  });

  it('changes the prefix only when it moves', async () => {
    const id = await windows.create({ ...budget(), token_budget: 100 });
    const prefixes: { start: number; hash: string }[] = [];
    for (const event of users(24)) {
      await service.http.append(id, { event });
      const { prefix } = (await service.http.window(id)).body;
      prefixes.push({ start: prefix.start_seq, hash: prefix.hash });
    }
    for (const [index, { start, hash }] of prefixes.entries()) {
      const previous = prefixes[index - 1] ?? { start, hash };
      expect(hash === previous.hash).toBe(start === previous.start);
    }
    const before = (await service.http.window(id)).body.prefix;
    await windows.summarize(id, 1, 3, 5);
    const after = (await service.http.window(id)).body.prefix;
    expect(after).toMatchObject({ compaction_version: 25, settings: before.settings });
    expect(after.hash).not.toBe(before.hash);
    const narrow = (await service.http.window(id, '?budget_tokens=90')).body.prefix;
    expect(narrow.settings).not.toBe(before.settings);
  });
});

describe('a newest group that does not fit', () => {
  const long = 'word '.repeat(200);

  it('loses the outputs of its oldest tool results first', async () => {
    const events = [
      call('a'),
      result('a', long),
      call('b'),
      result('b', long),
      call('c'),
      result('c', 'short'),
    ];
    const group = { role: 'assistant', parts: events.flatMap<object>(({ parts }) => parts) };
    const id = await windows.create(budget(), [user('q'), group]);
    const { body } = await service.http.window(id, '?budget_tokens=320');
    const outputs = body.messages
      .flatMap(({ parts }: any) => parts)
      .flatMap(({ content }: any) => content ?? []);
    expect(outputs).toEqual(['[tool result removed]', long, 'short']);
    expect(body.overflow).toBeUndefined();
    expect(body.used_tokens).toBeLessThanOrEqual(320);
    const none = (await service.http.window(id, '?budget_tokens=130')).body;
    expect(JSON.stringify(none.messages)).not.toContain('word');
  });

  it('stays whole if its events alone would be several groups', async () => {
    const withoutId = { role: 'tool', parts: [{ type: 'tool_result', output: 'r' }], token_count: 10 };
    const events = [call('x', 100), call('c'), withoutId, result('c', long)];
    const id = await windows.create(budget(), events);
    const { body } = await service.http.window(id, '?budget_tokens=80');
    expect(body.messages).toMatchObject([{ seq: 2 }, { seq: 3 }]);
    expect(body.repairs).toMatchObject([{ seq: 4 }]);
  });

  it('takes the placeholder of strip_tool_results', async () => {
    const policy = { strategy: 'strip_tool_results', config: { placeholder: '(gone)' } };
    const id = await windows.create({ policy }, [call('a'), result('a', long)]);
    const { body } = await service.http.window(id, '?budget_tokens=100');
    expect(body.messages[1].parts[0].content).toBe('(gone)');
  });

  it('is left out if that does not help; the older groups stay', async () => {
    const id = await windows.create(budget(), [...users(3), user(long, 500)]);
    const { body } = await service.http.window(id, '?budget_tokens=100');
    expect(body).toMatchObject({
      messages: [{ seq: 1 }, { seq: 2 }, { seq: 3 }],
      overflow: { seq: 4, tokens: 500 },
    });
    const strip = await windows.create({ policy: { strategy: 'strip_tool_results' } }, [
      ...users(3),
      user(long, 500),
    ]);
    expect((await service.http.window(strip, '?budget_tokens=100')).body).toMatchObject({
      messages: [{ seq: 1 }, { seq: 2 }, { seq: 3 }],
      overflow: { seq: 4, tokens: 500 },
    });
  });
});
