import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { PolicyConfigReader } from '../../src/policies/policy-config.js';
import type { LiveEvent, Timeline } from '../../src/policies/timeline.js';
import { RegisterPolicy, type WindowPolicy } from '../../src/policies/window-policy.js';
import { TestService } from '../support/test-service.js';
import {
  textEvent,
  toolResultEvent,
  userEvents,
  WindowConversations,
} from '../support/window-conversations.js';
import { messageTokens } from '../support/window-model/index.js';

/** A custom policy: selects the newest `limit` user messages. */
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

/** Keeps only the first `text` part of each event. Removes the other parts in two steps; the second counts parts. */
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

/** Yields objects that are not events of the timeline. */
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

/** Registers a strategy that the service already has. */
@Injectable()
@RegisterPolicy({ strategy: 'last_n' })
class AnotherLastN extends UserOnlyPolicy {}

@Module({ providers: [AnotherLastN] })
class ClashingModule {}

let service: TestService;
let windows: WindowConversations;
beforeAll(async () => {
  service = await TestService.start({ modules: [TeamModule] });
  windows = new WindowConversations(service, 'policies');
});
afterAll(() => service.stop());

describe('the window of a built-in policy', () => {
  it('contains with time_window the events within max_age_seconds, and at least min_events', async () => {
    const id = await windows.create(
      { policy: { strategy: 'time_window', config: { max_age_seconds: 60 } } },
      userEvents(10),
    );
    await service.database.query(
      `UPDATE fastpaca.events SET inserted_at = inserted_at - interval '2 minutes' WHERE conversation_id = $1 AND seq <= 7`,
      [id],
    );
    expect(await windows.seqs(id)).toEqual([8, 9, 10]);
    await service.http.put(id, {
      policy: { strategy: 'time_window', config: { max_age_seconds: 60, min_events: 5 } },
    });
    expect(await windows.seqs(id)).toEqual([6, 7, 8, 9, 10]);
    await service.http.put(id, { policy: { strategy: 'time_window', config: { max_age_seconds: 3600 } } });
    expect(await windows.seqs(id)).toHaveLength(10);
  });

  it('keeps its start with last_n for limit − trim_to appends', async () => {
    const id = await windows.create({ policy: { strategy: 'last_n', config: { limit: 6, trim_to: 3 } } });
    const starts: number[] = [];
    for (let seq = 1; seq <= 15; seq += 1) {
      await service.http.append(id, { event: textEvent('user', 'x', 1) });
      starts.push((await windows.seqs(id))[0]!);
    }
    expect(starts).toEqual([1, 1, 1, 1, 1, 1, 5, 5, 5, 5, 9, 9, 9, 9, 13]);
  });

  it('counts with strip_tool_results only the tokens of the remaining parts', async () => {
    const text = { type: 'text', text: 'the answer is in the result' };
    const id = await windows.create({ policy: { strategy: 'strip_tool_results' } }, [
      { role: 'user', parts: [{ type: 'tool_result', output: 'long '.repeat(50) }, text] },
      toolResultEvent(500),
    ]);
    const { body } = await service.http.window(id);
    expect(body.messages.map(({ parts }: any) => parts)).toEqual([[text]]);
    expect(body.used_tokens).toBe(messageTokens('user', [text]));
  });
});

describe('a policy of another module', () => {
  it('is selected by its strategy like a built-in one', async () => {
    const id = await windows.create({ policy: { strategy: 'user_only', config: { limit: 2 } } }, [
      textEvent('user', 'one', 1),
      textEvent('user', 'two', 2),
      textEvent('assistant', 'no', 4),
      textEvent('user', 'three', 8),
    ]);
    expect((await service.http.window(id)).body).toMatchObject({
      used_tokens: 10,
      messages: [{ seq: 2 }, { seq: 4 }],
    });
  });

  it('can remove parts in several steps', async () => {
    const image = { type: 'image', url: 'x' };
    const text = (name: string) => ({ type: 'text', text: name });
    const id = await windows.create({ policy: { strategy: 'first_text' } }, [
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

  it('cannot add text to the window: the request fails with 500', async () => {
    const id = await windows.create({ policy: { strategy: 'inventor' } }, userEvents(2));
    const { status, body } = await service.http.window(id);
    expect(status).toBe(500);
    expect(body).toMatchObject({ error: 'internal_error' });
    expect(JSON.stringify(body)).not.toContain('inventor');
  });

  it('reports the violations of its config', async () => {
    const { status, body } = await service.http.put('window-faulty', {
      token_budget: 10,
      policy: { strategy: 'user_only', config: { limit: 11, depth: 1 } },
    });
    expect(status).toBe(400);
    expect(body.details.map(({ path }: any) => path)).toEqual(['policy.config.limit', 'policy.config.depth']);
  });

  it('prevents startup if its strategy is already registered', async () => {
    await expect(
      TestService.start({ modules: [ClashingModule], database: service.database }),
    ).rejects.toThrow('both claim the policy strategy "last_n"');
  });

  it('causes a 400 that names the strategy if it is no longer installed', async () => {
    const id = await windows.create({ policy: { strategy: 'user_only', config: { limit: 2 } } });
    const without = await TestService.start({ database: service.database });
    const { status, body } = await without.http.window(id);
    await without.stop();
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: 'invalid_payload', details: [{ path: 'policy.strategy' }] });
    expect(body.message).toContain('"user_only" is not a strategy of this server');
  });
});
