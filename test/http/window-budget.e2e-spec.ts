import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../support/test-service.js';
import { textEvent, userEvents, WindowConversations } from '../support/window-conversations.js';

let service: TestService;
let windows: WindowConversations;
beforeAll(async () => {
  service = await TestService.start({ env: { FASTPACA_WINDOW_LIMIT: '300000' } });
  windows = new WindowConversations(service, 'budget');
});
afterAll(() => service.stop());

describe('a window', () => {
  it('uses the smallest of token_budget, max_tokens and budget_tokens', async () => {
    const id = await windows.create(
      { token_budget: 50, policy: { strategy: 'budget', config: { max_tokens: 40 } } },
      userEvents(9),
    );
    expect((await service.http.window(id)).body).toMatchObject({ budget_tokens: 40, used_tokens: 40 });
    expect((await service.http.window(id, '?budget_tokens=25')).body).toMatchObject({
      budget_tokens: 25,
      used_tokens: 20,
    });
    expect((await service.http.window(id, '?budget_tokens=9999')).body).toMatchObject({ budget_tokens: 40 });
    await service.http.put(id, { policy: { strategy: 'budget' } });
    expect((await service.http.window(id, '?budget_tokens=9999')).body).toMatchObject({
      budget_tokens: 50,
      used_tokens: 50,
    });
  });

  it('accepts budget_tokens of any size but never exceeds token_budget', async () => {
    const id = await windows.create({ policy: { strategy: 'budget' } }, userEvents(3, 1));
    const fullWindow = (await service.http.window(id)).body;
    for (const budget of ['9007199254740992', '99999999999999999999', '9'.repeat(400)]) {
      const response = await service.http.window(id, `?budget_tokens=${budget}`);
      expect([response.status, response.body]).toEqual([200, fullWindow]);
    }
  });

  it('rejects budget_tokens below 1 or not an integer, and unknown parameters', async () => {
    const id = await windows.create({ policy: { strategy: 'budget' } }, userEvents(3, 1));
    expect(await windows.seqs(id, '?budget_tokens=1')).toEqual([3]);
    for (const query of [
      'budget_tokens=0',
      'budget_tokens=-1',
      'budget_tokens=1.5',
      'budget_tokens=',
      'budget_tokens=1e3',
    ])
      expect((await service.http.window(id, `?${query}`)).body.details).toMatchObject([
        { path: 'budget_tokens' },
      ]);
    for (const name of ['budget', 'limit', 'if-version', 'ifVersion']) {
      const { status, body } = await service.http.window(id, `?${name}=3`);
      expect([status, body.details]).toMatchObject([400, [{ path: name }]]);
    }
  });

  it('uses the whole budget and keeps events of zero tokens', async () => {
    const tokens = [5, 0, 3, 0, 0, 7, 0];
    const id = await windows.create(
      { policy: { strategy: 'budget' } },
      tokens.map((each) => textEvent('user', 'x', each)),
    );
    expect(await windows.seqs(id, '?budget_tokens=15')).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await windows.seqs(id, '?budget_tokens=14')).toEqual([2, 3, 4, 5, 6, 7]);
    expect(await windows.seqs(id, '?budget_tokens=9')).toEqual([4, 5, 6, 7]);
    expect(await windows.seqs(id, '?budget_tokens=6')).toEqual([7]);
  });

  it('is without the newest event, and says so, while that event exceeds the budget', async () => {
    const id = await windows.create({ token_budget: 50 }, [...userEvents(2), textEvent('user', 'large', 51)]);
    expect((await service.http.window(id)).body).toMatchObject({
      version: 3,
      messages: [{ seq: 1 }, { seq: 2 }],
      used_tokens: 20,
      needs_compaction: true,
      overflow: { seq: 3, tokens: 51 },
    });
    await service.http.append(id, { event: textEvent('user', 'after', 10) });
    expect(await windows.seqs(id)).toEqual([4]);
  });

  it('does not count summaries against limit, and drops the oldest first if they do not fit', async () => {
    const id = await windows.create({ policy: { strategy: 'last_n', config: { limit: 2 } } }, userEvents(12));
    await windows.summarize(id, 1, 3);
    await windows.summarize(id, 4, 6);
    await windows.summarize(id, 9, 9);
    const { body } = await service.http.window(id);
    expect(body.segments).toEqual([
      { type: 'summary', from_seq: 1, to_seq: 3 },
      { type: 'summary', from_seq: 4, to_seq: 6 },
      { type: 'summary', from_seq: 9, to_seq: 9 },
      { type: 'live', from_seq: 11, to_seq: 12 },
    ]);
    expect(body.messages[1]).toMatchObject({ seq: 4, from_seq: 4, to_seq: 6, role: 'system' });
    expect(await windows.seqs(id, '?budget_tokens=45')).toEqual([1, 4, 9, 12]);
    expect(await windows.seqs(id, '?budget_tokens=29')).toEqual([4, 9]);
    expect(await windows.seqs(id, '?budget_tokens=9')).toEqual([]);
  });

  it('needs compaction above trigger_ratio, but not at it', async () => {
    const id = await windows.create(
      { token_budget: 90, trigger_ratio: 0.7, policy: { strategy: 'budget' } },
      [textEvent('user', 'x', 63)],
    );
    expect((await service.http.window(id)).body.needs_compaction).toBe(false);
    await service.http.append(id, { event: textEvent('user', 'y', 1) });
    expect((await service.http.window(id)).body.needs_compaction).toBe(true);
  });

  it.each([
    ['0.1', 30, 3],
    ['0.30000000000000004', 10, 3],
    ['0.3', 1_000_000, 300_000],
    ['1e-6', 1_000_000, 1],
    ['0.0000010', 1_000_000, 1],
    ['0.07', 100, 7],
    ['0.29', 100, 29],
    ['0.57', 100, 57],
    ['0.999999', 1_000_000, 999_999],
    ['1', 7, 7],
    ['1.0', 7, 7],
  ])(
    'needs compaction at ratio %s of %i if and only if the snapshot has more than %i tokens',
    async (ratio, budget, maxTokens) => {
      const id = await windows.create({ token_budget: budget, policy: { strategy: 'budget' } }, [
        textEvent('user', 'x', maxTokens),
      ]);
      expect((await service.http.put(id, `{"trigger_ratio":${ratio}}`)).status).toBe(200);
      expect((await service.http.window(id)).body).toMatchObject({ needs_compaction: false });
      await service.http.append(id, { event: textEvent('user', 'x', 1) });
      expect((await service.http.window(id)).body).toMatchObject({ needs_compaction: true });
    },
  );

  it('computes needs_compaction from the snapshot before the budget cut', async () => {
    const id = await windows.create(
      { token_budget: 30, policy: { strategy: 'last_n', config: { limit: 5 } } },
      userEvents(8),
    );
    expect((await service.http.window(id)).body).toMatchObject({ used_tokens: 30, needs_compaction: true });
    await service.http.put(id, { policy: { strategy: 'last_n', config: { limit: 2 } } });
    expect((await service.http.window(id)).body).toMatchObject({ used_tokens: 20, needs_compaction: false });
  });

  it('computes needs_compaction with a smaller budget_tokens', async () => {
    const id = await windows.create({ token_budget: 100, policy: { strategy: 'budget' } }, [
      textEvent('user', 'x', 35),
    ]);
    expect((await service.http.window(id)).body.needs_compaction).toBe(false);
    expect((await service.http.window(id, '?budget_tokens=50')).body.needs_compaction).toBe(false);
    expect((await service.http.window(id, '?budget_tokens=49')).body.needs_compaction).toBe(true);
  });

  it('includes summaries in needs_compaction, even if they do not fit', async () => {
    const id = await windows.create({ token_budget: 50 }, userEvents(4, 1));
    await windows.summarize(id, 1, 1, 20);
    expect((await service.http.window(id)).body).toMatchObject({ used_tokens: 23, needs_compaction: false });
    await windows.summarize(id, 2, 2, 40);
    expect((await service.http.window(id)).body).toMatchObject({
      used_tokens: 42,
      needs_compaction: true,
      segments: [
        { type: 'summary', from_seq: 2, to_seq: 2 },
        { type: 'live', from_seq: 3, to_seq: 4 },
      ],
    });
  });

  it('has at most FASTPACA_WINDOW_LIMIT bytes of messages and drops the oldest live events first', async () => {
    const large = { role: 'user', parts: [{ type: 'text', text: 'x'.repeat(105_000) }], token_count: 1 };
    const id = await windows.create({ policy: { strategy: 'budget' } }, [large, large, large, large]);
    expect(await windows.seqs(id)).toEqual([3, 4]);
    await service.http.put(id, { policy: { strategy: 'skip_parts' } });
    expect(await windows.seqs(id)).toEqual([3, 4]);
  });

  it('scans at most FASTPACA_WINDOW_LIMIT bytes of events, including events that the policy drops', async () => {
    const large = (type: string) => ({
      role: 'user',
      parts: [{ type, text: 'x'.repeat(90_000) }],
      token_count: 1,
    });
    const events = [
      textEvent('user', 'a', 1),
      large('image'),
      large('image'),
      large('image'),
      textEvent('user', 'b', 1),
    ];
    const id = await windows.create(
      { policy: { strategy: 'skip_parts', config: { kinds: ['image'] } } },
      events,
    );
    expect(await windows.seqs(id)).toEqual([1, 5]);
    await service.http.append(id, { event: large('image') });
    expect(await windows.seqs(id)).toEqual([5]);
  });

  it('is limited in bytes, not in characters', async () => {
    const wide = { role: 'user', parts: [{ type: 'text', text: '窗'.repeat(45_000) }], token_count: 1 };
    for (const strategy of ['budget', 'last_n', 'strip_tool_results', 'skip_parts']) {
      const id = await windows.create({ policy: { strategy } }, [wide, wide, wide, wide]);
      expect(await windows.seqs(id)).toEqual([3, 4]);
    }
  });

  it('counts the bytes of summaries before those of live events, and drops the oldest summaries first', async () => {
    const large = { role: 'user', parts: [{ type: 'text', text: 'x'.repeat(84_000) }], token_count: 1 };
    const id = await windows.create({ policy: { strategy: 'budget' } }, [...userEvents(5, 1), large, large]);
    const seqsLeft: number[][] = [];
    for (let seq = 1; seq <= 5; seq += 1) {
      await service.http.compact(id, { from_seq: seq, to_seq: seq, replacement: [large] });
      const { body } = await service.http.window(id);
      expect(body.used_tokens).toBe(body.messages.length);
      expect(body.needs_compaction).toBe(false);
      seqsLeft.push(body.messages.map((message: { seq: number }) => message.seq));
    }
    expect(seqsLeft).toEqual([
      [1, 2, 3, 4, 5, 6, 7],
      [1, 2, 7],
      [1, 2, 3],
      [2, 3, 4],
      [3, 4, 5],
    ]);
  });
});
