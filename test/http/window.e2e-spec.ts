import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { PolicyConfigReader } from '../../src/policies/policy-config.js';
import type { LiveEvent, Timeline } from '../../src/policies/timeline.js';
import { RegisterPolicy, type WindowPolicy } from '../../src/policies/window-policy.js';
import { TestService } from '../support/test-service.js';
import { messageTokens } from '../support/window-model.js';

/** What a team would write: only the newest `limit` messages that people said. */
@Injectable()
@RegisterPolicy({ strategy: 'user_only' })
class UserOnlyPolicy implements WindowPolicy<number> {
  parseConfig(raw: Record<string, unknown>): number {
    const config = new PolicyConfigReader(raw);
    const limit = config.integer('limit', { min: 1, max: 10 });
    config.finish();
    return limit;
  }

  async *select(timeline: Timeline, limit: number): AsyncGenerator<LiveEvent> {
    let count = 0;
    for await (const event of timeline.newestFirst()) {
      if (event.role !== 'user') continue;
      yield event;
      count += 1;
      if (count === limit) return;
    }
  }
}

/** Leaves parts out in two steps, and by counting them: the first `text` part of each event alone. */
@Injectable()
@RegisterPolicy({ strategy: 'first_text' })
class FirstTextPolicy implements WindowPolicy<void> {
  parseConfig(raw: Record<string, unknown>): void {
    new PolicyConfigReader(raw).finish();
  }

  async *select(timeline: Timeline): AsyncGenerator<LiveEvent> {
    for await (const event of timeline.newestFirst()) {
      let texts = 0;
      const first = event.withParts(({ type }) => type === 'text')?.withParts(() => (texts += 1) === 1);
      if (first) yield first;
    }
  }
}

/** Yields what is not the timeline's. */
@Injectable()
@RegisterPolicy({ strategy: 'inventor' })
class InventorPolicy extends FirstTextPolicy {
  override async *select(timeline: Timeline): AsyncGenerator<LiveEvent> {
    for await (const event of super.select(timeline))
      yield { ...event, parts: [{ type: 'text', text: 'lies' }] };
  }
}

@Module({ providers: [UserOnlyPolicy, FirstTextPolicy, InventorPolicy] })
class TeamModule {}

/** The service's own name, which somebody else claims too. */
@Injectable()
@RegisterPolicy({ strategy: 'last_n' })
class AnotherLastN extends UserOnlyPolicy {}

@Module({ providers: [AnotherLastN] })
class ClashingModule {}

let service: TestService;
let ids = 0;
beforeAll(
  async () =>
    (service = await TestService.start({ modules: [TeamModule], env: { FASTPACA_WINDOW_LIMIT: '300000' } })),
);
afterAll(() => service.stop());

/** A conversation of its own with these events, each of the tokens given. */
async function conversation(settings: object, events: object[] = []): Promise<string> {
  ids += 1;
  const id = `window-${ids}`;
  expect((await service.http.put(id, { token_budget: 1000, ...settings })).status).toBe(201);
  for (let start = 0; start < events.length; start += 100) {
    expect((await service.http.append(id, { events: events.slice(start, start + 100) })).status).toBe(201);
  }
  return id;
}

function said(role: string, text: string, tokens: number): object {
  return { role, parts: [{ type: 'text', text }], token_count: tokens };
}

function result(tokens: number): object {
  return { role: 'user', parts: [{ type: 'tool_result', output: 'x' }], token_count: tokens };
}

function turns(count: number, tokens = 10): object[] {
  return Array.from({ length: count }, (_, index) => said('user', `message ${index + 1}`, tokens));
}

async function seqs(id: string, query = ''): Promise<number[]> {
  return (await service.http.window(id, query)).body.messages.map(({ seq }: { seq: number }) => seq);
}

async function summarize(id: string, from: number, to: number, tokens = 10): Promise<void> {
  const replacement = [said('system', `${from} to ${to}`, tokens)];
  expect((await service.http.compact(id, { from_seq: from, to_seq: to, replacement })).status).toBe(200);
}

describe('a window', () => {
  it('of an empty conversation is empty', async () => {
    const id = await conversation({});
    const { status, body } = await service.http.window(id);
    expect(status).toBe(200);
    expect(body).toEqual({
      version: 0,
      messages: [],
      used_tokens: 0,
      needs_compaction: false,
      segments: [],
      budget_tokens: 1000,
    });
  });

  it('of an unknown conversation is a 404, and of a deleted one what it was', async () => {
    expect((await service.http.window('window-nobody')).status).toBe(404);
    const id = await conversation({}, turns(3));
    const { body } = await service.http.window(id);
    await service.http.delete(id);
    expect((await service.http.window(id)).body).toEqual(body);
  });

  it('carries seq, role, parts and inserted_at, and id and metadata where there are any', async () => {
    const id = await conversation({}, [
      { role: 'user', content: 'a', id: 'x', metadata: { k: 1 }, extra: true },
      { role: 'user', content: 'b', id: null, metadata: null },
    ]);
    const at = expect.stringMatching(/Z$/);
    expect((await service.http.window(id)).body.messages).toEqual([
      {
        seq: 1,
        role: 'user',
        parts: [{ type: 'text', text: 'a' }],
        id: 'x',
        metadata: { k: 1 },
        inserted_at: at,
      },
      { seq: 2, role: 'user', parts: [{ type: 'text', text: 'b' }], inserted_at: at },
    ]);
  });

  it('has the least of three budgets, so that a call narrows it and never widens it', async () => {
    const id = await conversation(
      { token_budget: 50, policy: { strategy: 'budget', config: { max_tokens: 40 } } },
      turns(9),
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

  it('refuses any other version than if_version, with both numbers', async () => {
    const id = await conversation({}, turns(2));
    expect((await service.http.window(id, '?if_version=2')).status).toBe(200);
    const { status, body } = await service.http.window(id, '?if_version=0');
    expect(status).toBe(409);
    expect(body).toMatchObject({ error: 'conflict', reason: 'version_mismatch', expected: 0, actual: 2 });
  });

  it('needs compaction above the ratio and not at it, exactly', async () => {
    const id = await conversation({ token_budget: 90, trigger_ratio: 0.7, policy: { strategy: 'budget' } }, [
      said('user', 'x', 63),
    ]);
    expect((await service.http.window(id)).body.needs_compaction).toBe(false);
    await service.http.append(id, { event: said('user', 'y', 1) });
    expect((await service.http.window(id)).body.needs_compaction).toBe(true);
  });

  it('counts the snapshot before any cut for needs_compaction', async () => {
    const id = await conversation(
      { token_budget: 30, policy: { strategy: 'last_n', config: { limit: 5 } } },
      turns(8),
    );
    expect((await service.http.window(id)).body).toMatchObject({ used_tokens: 30, needs_compaction: true });
    await service.http.put(id, { policy: { strategy: 'last_n', config: { limit: 2 } } });
    expect((await service.http.window(id)).body).toMatchObject({ used_tokens: 20, needs_compaction: false });
  });

  it('pins summaries, which the limit does not count, and lets the oldest go first when they alone do not fit', async () => {
    const id = await conversation({ policy: { strategy: 'last_n', config: { limit: 2 } } }, turns(12));
    await summarize(id, 1, 3);
    await summarize(id, 4, 6);
    await summarize(id, 9, 9);
    const { body } = await service.http.window(id);
    expect(body.segments).toEqual([
      { type: 'summary', from_seq: 1, to_seq: 3 },
      { type: 'summary', from_seq: 4, to_seq: 6 },
      { type: 'summary', from_seq: 9, to_seq: 9 },
      { type: 'live', from_seq: 11, to_seq: 12 },
    ]);
    expect(body.messages[1]).toMatchObject({ seq: 4, from_seq: 4, to_seq: 6, role: 'system' });
    expect(await seqs(id, '?budget_tokens=45')).toEqual([1, 4, 9, 12]);
    expect(await seqs(id, '?budget_tokens=29')).toEqual([4, 9]);
    expect(await seqs(id, '?budget_tokens=9')).toEqual([]);
  });

  it('is empty before an event larger than the budget, which is appended all the same, and flagged', async () => {
    const id = await conversation({ token_budget: 50 }, [...turns(2), said('user', 'large', 51)]);
    expect((await service.http.window(id)).body).toMatchObject({
      version: 3,
      messages: [],
      used_tokens: 0,
      needs_compaction: true,
    });
    await service.http.append(id, { event: said('user', 'after', 10) });
    expect(await seqs(id)).toEqual([4]);
  });

  it('never begins a live segment with a tool result, but at seq 1', async () => {
    const id = await conversation({ policy: { strategy: 'budget' } }, [
      result(10),
      said('assistant', 'call', 10),
      said('tool', 'answer', 10),
      { role: 'user', parts: [{ type: 'tool-result' }, { type: 'tool_result' }], token_count: 10 },
      { role: 'user', parts: [{ type: 'tool_result' }, { type: 'text', text: 'and' }], token_count: 10 },
      said('user', 'end', 10),
    ]);
    expect(await seqs(id)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await seqs(id, '?budget_tokens=40')).toEqual([5, 6]);
    expect((await service.http.window(id, '?budget_tokens=40')).body.used_tokens).toBe(20);
    await summarize(id, 2, 2);
    const { body } = await service.http.window(id);
    expect(body.segments).toEqual([
      { type: 'live', from_seq: 1, to_seq: 1 },
      { type: 'summary', from_seq: 2, to_seq: 2 },
      { type: 'live', from_seq: 5, to_seq: 6 },
    ]);
    expect(body.used_tokens).toBe(40);
  });

  it('estimates a message as 3 + tokens(role) + its parts, special tokens as text', async () => {
    const id = await conversation({ token_budget: 100_000 });
    const parts = [
      { type: 'text', text: 'Hello <|endoftext|> you <|im_start|>', extra: 'not counted' },
      { type: 'reasoning', text: 'Привет, мир! 你好' },
      { type: 'tool_call', name: 'find', arguments: '{"a": 1}' },
      { type: 'text', text: 5 },
    ];
    const { body } = await service.http.append(id, { event: { role: 'assistant', parts } });
    expect(body.token_estimate).toBe(messageTokens('assistant', parts));
    const simple = await service.http.say(id, 'How do I deploy this?');
    expect(simple.body.token_estimate).toBe(3 + 1 + 6);
  });

  it('has the estimate of what is left where parts were stripped', async () => {
    const text = { type: 'text', text: 'the answer is in the result' };
    const id = await conversation({ policy: { strategy: 'strip_tool_results' } }, [
      { role: 'user', parts: [{ type: 'tool_result', output: 'long '.repeat(50) }, text] },
      result(500),
    ]);
    const { body } = await service.http.window(id);
    expect(body.messages.map(({ parts }: any) => parts)).toEqual([[text]]);
    expect(body.used_tokens).toBe(messageTokens('user', [text]));
  });

  it('has by time_window what is young enough, and the newest min_events in any case', async () => {
    const id = await conversation(
      { policy: { strategy: 'time_window', config: { max_age_seconds: 60 } } },
      turns(10),
    );
    await service.database.query(
      `UPDATE fastpaca.events SET inserted_at = inserted_at - interval '2 minutes' WHERE conversation_id = $1 AND seq <= 7`,
      [id],
    );
    expect(await seqs(id)).toEqual([8, 9, 10]);
    await service.http.put(id, {
      policy: { strategy: 'time_window', config: { max_age_seconds: 60, min_events: 5 } },
    });
    expect(await seqs(id)).toEqual([6, 7, 8, 9, 10]);
    await service.http.put(id, { policy: { strategy: 'time_window', config: { max_age_seconds: 3600 } } });
    expect(await seqs(id)).toHaveLength(10);
  });

  it('stands still at its start for limit − trim_to appends', async () => {
    const id = await conversation({ policy: { strategy: 'last_n', config: { limit: 6, trim_to: 3 } } });
    const starts: number[] = [];
    for (let seq = 1; seq <= 15; seq += 1) {
      await service.http.append(id, { event: said('user', 'x', 1) });
      starts.push((await seqs(id))[0]!);
    }
    expect(starts).toEqual([1, 1, 1, 1, 1, 1, 5, 5, 5, 5, 9, 9, 9, 9, 13]);
  });

  it('has at most FASTPACA_WINDOW_LIMIT bytes of messages, the oldest live events left out first', async () => {
    const large = { role: 'user', parts: [{ type: 'text', text: 'x'.repeat(105_000) }], token_count: 1 };
    const id = await conversation({ policy: { strategy: 'budget' } }, [large, large, large, large]);
    expect(await seqs(id)).toEqual([3, 4]);
    await service.http.put(id, { policy: { strategy: 'skip_parts' } });
    expect(await seqs(id)).toEqual([3, 4]);
  });

  it('is of the newest FASTPACA_WINDOW_LIMIT bytes of events where the policy reads events, left out ones included', async () => {
    const large = (type: string) => ({
      role: 'user',
      parts: [{ type, text: 'x'.repeat(90_000) }],
      token_count: 1,
    });
    const events = [
      said('user', 'a', 1),
      large('image'),
      large('image'),
      large('image'),
      said('user', 'b', 1),
    ];
    const id = await conversation(
      { policy: { strategy: 'skip_parts', config: { kinds: ['image'] } } },
      events,
    );
    expect(await seqs(id)).toEqual([1, 5]);
    await service.http.append(id, { event: large('image') });
    expect(await seqs(id)).toEqual([5]);
  });

  it('is limited in bytes, not in characters', async () => {
    const wide = { role: 'user', parts: [{ type: 'text', text: '窗'.repeat(45_000) }], token_count: 1 };
    for (const strategy of ['budget', 'last_n', 'strip_tool_results', 'skip_parts']) {
      const id = await conversation({ policy: { strategy } }, [wide, wide, wide, wide]);
      expect(await seqs(id)).toEqual([3, 4]);
    }
  });

  it('is limited with its summaries, which the live events make room for, and of which the oldest go first', async () => {
    const large = { role: 'user', parts: [{ type: 'text', text: 'x'.repeat(84_000) }], token_count: 1 };
    const id = await conversation({ policy: { strategy: 'budget' } }, [...turns(5, 1), large, large]);
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

  it('takes budget_tokens of any size, and never widens the budget with it', async () => {
    const id = await conversation({ policy: { strategy: 'budget' } }, turns(3, 1));
    const whole = (await service.http.window(id)).body;
    for (const budget of ['9007199254740992', '99999999999999999999', '9'.repeat(400)]) {
      const answer = await service.http.window(id, `?budget_tokens=${budget}`);
      expect([answer.status, answer.body]).toEqual([200, whole]);
    }
  });

  it('takes budget_tokens from 1 on, and no other parameter', async () => {
    const id = await conversation({ policy: { strategy: 'budget' } }, turns(3, 1));
    expect(await seqs(id, '?budget_tokens=1')).toEqual([3]);
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
    'needs compaction above %s of %i exactly when the snapshot has more than %i tokens',
    async (ratio, budget, most) => {
      const id = await conversation({ token_budget: budget, policy: { strategy: 'budget' } }, [
        said('user', 'x', most),
      ]);
      expect((await service.http.put(id, `{"trigger_ratio":${ratio}}`)).status).toBe(200);
      expect((await service.http.window(id)).body).toMatchObject({ needs_compaction: false });
      await service.http.append(id, { event: said('user', 'x', 1) });
      expect((await service.http.window(id)).body).toMatchObject({ needs_compaction: true });
    },
  );

  it('is measured by the narrowed budget, which may need a compaction that the whole one does not', async () => {
    const id = await conversation({ token_budget: 100, policy: { strategy: 'budget' } }, [
      said('user', 'x', 35),
    ]);
    expect((await service.http.window(id)).body.needs_compaction).toBe(false);
    expect((await service.http.window(id, '?budget_tokens=50')).body.needs_compaction).toBe(false);
    expect((await service.http.window(id, '?budget_tokens=49')).body.needs_compaction).toBe(true);
  });

  it('needs compaction by summaries too, those included that did not fit', async () => {
    const id = await conversation({ token_budget: 50 }, turns(4, 1));
    await summarize(id, 1, 1, 20);
    expect((await service.http.window(id)).body).toMatchObject({ used_tokens: 23, needs_compaction: false });
    await summarize(id, 2, 2, 40);
    expect((await service.http.window(id)).body).toMatchObject({
      used_tokens: 42,
      needs_compaction: true,
      segments: [
        { type: 'summary', from_seq: 2, to_seq: 2 },
        { type: 'live', from_seq: 3, to_seq: 4 },
      ],
    });
  });

  it('fills what is left to the last token, with events that cost none as well', async () => {
    const tokens = [5, 0, 3, 0, 0, 7, 0];
    const id = await conversation(
      { policy: { strategy: 'budget' } },
      tokens.map((each) => said('user', 'x', each)),
    );
    expect(await seqs(id, '?budget_tokens=15')).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await seqs(id, '?budget_tokens=14')).toEqual([2, 3, 4, 5, 6, 7]);
    expect(await seqs(id, '?budget_tokens=9')).toEqual([4, 5, 6, 7]);
    expect(await seqs(id, '?budget_tokens=6')).toEqual([7]);
  });

  it('is of one version, whatever the order of compactions that replace each other', async () => {
    const id = await conversation({ policy: { strategy: 'budget' } }, turns(10, 1));
    await summarize(id, 3, 4);
    await summarize(id, 6, 7);
    await summarize(id, 3, 4, 3);
    await summarize(id, 2, 8, 4);
    const { body } = await service.http.window(id, '?if_version=14');
    expect(body).toMatchObject({
      version: 14,
      used_tokens: 7,
      segments: [
        { type: 'live', from_seq: 1, to_seq: 1 },
        { type: 'summary', from_seq: 2, to_seq: 8 },
        { type: 'live', from_seq: 9, to_seq: 10 },
      ],
    });
    expect((await service.http.window(id, '?if_version=13')).body).toMatchObject({
      expected: 13,
      actual: 14,
    });
  });

  it('is right with a thousand compactions', async () => {
    const id = await conversation(
      { token_budget: 100_000, policy: { strategy: 'last_n', config: { limit: 3 } } },
      turns(2100, 1),
    );
    for (let seq = 1; seq <= 2000; seq += 2) await summarize(id, seq, seq, 2);
    const { body } = await service.http.window(id);
    expect(body.version).toBe(3100);
    expect(body.segments).toHaveLength(1001);
    expect(body.used_tokens).toBe(2003);
    await service.http.put(id, { policy: { strategy: 'budget' } });
    expect((await service.http.window(id)).body.used_tokens).toBe(1000 * 2 + 1100);
  });
});

describe('a policy of a foreign module', () => {
  it('is named in a conversation like any of ours, and obeyed', async () => {
    const id = await conversation({ policy: { strategy: 'user_only', config: { limit: 2 } } }, [
      said('user', 'one', 1),
      said('user', 'two', 2),
      said('assistant', 'no', 4),
      said('user', 'three', 8),
    ]);
    expect((await service.http.window(id)).body).toMatchObject({
      used_tokens: 10,
      messages: [{ seq: 2 }, { seq: 4 }],
    });
  });

  it('may leave parts out in several steps', async () => {
    const image = { type: 'image', url: 'x' };
    const text = (name: string) => ({ type: 'text', text: name });
    const id = await conversation({ policy: { strategy: 'first_text' } }, [
      { role: 'user', parts: [image, text('one'), text('two'), image] },
      { role: 'user', parts: [image] },
      { role: 'user', parts: [text('three')] },
    ]);
    const { body } = await service.http.window(id);
    expect(body.messages).toMatchObject([
      { seq: 1, parts: [text('one')] },
      { seq: 3, parts: [text('three')] },
    ]);
    expect(body.used_tokens).toBe(
      messageTokens('user', [text('one')]) + messageTokens('user', [text('three')]),
    );
  });

  it('cannot put words into the window that nobody said', async () => {
    const id = await conversation({ policy: { strategy: 'inventor' } }, turns(2));
    const { status, body } = await service.http.window(id);
    expect(status).toBe(500);
    expect(body).toMatchObject({ error: 'internal_error' });
    expect(JSON.stringify(body)).not.toContain('inventor');
  });

  it('has the violations of its config named', async () => {
    const { status, body } = await service.http.put('window-faulty', {
      token_budget: 10,
      policy: { strategy: 'user_only', config: { limit: 11, depth: 1 } },
    });
    expect(status).toBe(400);
    expect(body.details.map(({ path }: any) => path)).toEqual(['policy.config.limit', 'policy.config.depth']);
  });

  it('stops the start if it takes the name of another', async () => {
    await expect(
      TestService.start({ modules: [ClashingModule], database: service.database }),
    ).rejects.toThrow('both claim the policy strategy "last_n"');
  });

  it('is missed by name where it is no longer installed', async () => {
    const id = await conversation({ policy: { strategy: 'user_only', config: { limit: 2 } } });
    const without = await TestService.start({ database: service.database });
    const { status, body } = await without.http.window(id);
    await without.stop();
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: 'invalid_payload', details: [{ path: 'policy.strategy' }] });
    expect(body.message).toContain('"user_only" is not a strategy of this server');
  });
});
