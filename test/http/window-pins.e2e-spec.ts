import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../support/test-service.js';
import { textEvent, WindowConversations } from '../support/window-conversations.js';

let service: TestService;
let windows: WindowConversations;
beforeAll(async () => {
  service = await TestService.start();
  windows = new WindowConversations(service, 'pins');
});
afterAll(() => service.stop());

const system = (text: string, tokens = 10) => textEvent('system', text, tokens);
const user = (text: string, tokens = 10) => textEvent('user', text, tokens);
const users = (count: number) => Array.from({ length: count }, (_, index) => user(`m${index + 1}`));
const pinned = (event: object) => ({ ...event, pinned: true });
const budget = (config: object = {}) => ({ policy: { strategy: 'budget', config } });

describe('system and developer events at the beginning of the log', () => {
  const head = [system('rules'), textEvent('developer', 'more rules', 10)];

  it('stay in every window, whatever the policy and the budget', async () => {
    const policies = [
      { strategy: 'last_n', config: { limit: 2 } },
      { strategy: 'budget', config: {} },
      { strategy: 'skip_parts', config: { limit: 2, kinds: ['*'] } },
      { strategy: 'strip_tool_results', config: { limit: 2 } },
      { strategy: 'time_window', config: { max_age_seconds: 3600 } },
    ];
    for (const policy of policies) {
      const id = await windows.create({ policy }, [...head, ...users(8)]);
      expect((await windows.seqs(id, '?budget_tokens=50')).slice(0, 2)).toEqual([1, 2]);
    }
  });

  it('are not counted by a policy', async () => {
    const id = await windows.create({ policy: { strategy: 'last_n', config: { limit: 3 } } }, [
      ...head,
      ...users(8),
    ]);
    expect(await windows.seqs(id)).toEqual([1, 2, 8, 9, 10]);
  });

  it('stand before the summary of a compaction that covers them', async () => {
    const id = await windows.create(budget(), [...head, ...users(4)]);
    await windows.summarize(id, 1, 4, 5);
    const { body } = await service.http.window(id);
    expect(body.segments).toEqual([
      { type: 'live', from_seq: 1, to_seq: 2 },
      { type: 'summary', from_seq: 1, to_seq: 4 },
      { type: 'live', from_seq: 5, to_seq: 6 },
    ]);
    expect(body.used_tokens).toBe(45);
  });

  it('are ordinary events with pin_head false', async () => {
    const id = await windows.create(
      { policy: { strategy: 'last_n', config: { limit: 3, pin_head: false } } },
      [...head, ...users(8)],
    );
    expect(await windows.seqs(id)).toEqual([8, 9, 10]);
  });

  it('share a segment with the events after them if nothing was left out', async () => {
    const id = await windows.create(budget(), [...head, ...users(3)]);
    expect((await service.http.window(id)).body.segments).toEqual([{ type: 'live', from_seq: 1, to_seq: 5 }]);
  });
});

describe('an event with pinned: true', () => {
  it('stays at its place', async () => {
    const events = [...users(2), pinned(user('remember')), ...users(10)];
    const id = await windows.create({ policy: { strategy: 'last_n', config: { limit: 2 } } }, events);
    const { body } = await service.http.window(id);
    expect(body.messages.map(({ seq }: any) => seq)).toEqual([3, 12, 13]);
    expect(body.messages[0].pinned).toBe(true);
  });

  it('keeps the whole group of a tool result', async () => {
    const call = {
      role: 'assistant',
      parts: [{ type: 'tool_call', id: 'a', name: 'f', input: {} }],
      token_count: 10,
    };
    const result = {
      role: 'tool',
      parts: [{ type: 'tool_result', tool_call_id: 'a', content: 'x' }],
      token_count: 10,
    };
    const events = [user('a'), call, pinned(result), ...users(10)];
    const id = await windows.create({ policy: { strategy: 'last_n', config: { limit: 1 } } }, events);
    const { body } = await service.http.window(id);
    expect(body.messages.map(({ seq }: any) => seq)).toEqual([2, 3, 13]);
    expect(body.repairs).toEqual([]);
  });

  it('stays beside the summary of a compaction that covers it', async () => {
    const id = await windows.create(budget(), [...users(3), pinned(user('remember')), ...users(3)]);
    await windows.summarize(id, 2, 5, 5);
    const { body } = await service.http.window(id);
    expect(body.messages.map(({ seq }: any) => seq)).toEqual([1, 2, 4, 6, 7]);
    expect(body.used_tokens).toBe(45);
  });

  it('changes the prefix if it brings back its call from a compaction', async () => {
    const call = { role: 'assistant', parts: [{ type: 'tool_call', id: 'a', name: 'f', input: {} }] };
    const result = { role: 'tool', parts: [{ type: 'tool_result', tool_call_id: 'a', content: 'x' }] };
    const id = await windows.create(budget(), [user('a'), call, ...users(2)]);
    await windows.summarize(id, 2, 3);
    const { body: before } = await service.http.window(id);
    await service.http.append(id, { event: pinned(result) });
    const { body } = await service.http.window(id);
    expect(body.messages.map(({ seq }: any) => seq)).toEqual([1, 2, 2, 3, 4, 5]);
    expect(body.prefix).toMatchObject({ start_seq: before.prefix.start_seq });
    expect(body.prefix.hash).not.toBe(before.prefix.hash);
  });
});

describe('pinned events that do not fit', () => {
  it('leave no room for summaries first', async () => {
    const id = await windows.create(budget(), [system('s', 40), ...users(4)]);
    await windows.summarize(id, 2, 3, 30);
    const { body } = await service.http.window(id, '?budget_tokens=60');
    expect(body.messages.map(({ seq }: any) => seq)).toEqual([1, 4, 5]);
  });

  it('are an overflow; the oldest that fit stay', async () => {
    const id = await windows.create(budget(), [
      system('a', 40),
      system('b', 40),
      ...users(2),
      pinned(user('c', 40)),
    ]);
    const { body } = await service.http.window(id, '?budget_tokens=90');
    expect(body).toMatchObject({
      messages: [{ seq: 1 }, { seq: 2 }],
      used_tokens: 80,
      needs_compaction: true,
      overflow: { seq: 5, tokens: 120 },
    });
  });
});
