import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationId } from '../../src/common/conversation-id.js';
import { InvalidPayloadError } from '../../src/common/errors/common.errors.js';
import { CompactionService } from '../../src/compaction/compaction.service.js';
import { ConversationsService } from '../../src/conversations/conversations.service.js';
import { EventsService } from '../../src/events/events.service.js';
import { TestService } from '../support/test-service.js';

/** The tests call the services as another module of the process does: with plain objects and without HTTP. */
let service: TestService;
let conversations: ConversationsService;
let events: EventsService;
let compactions: CompactionService;
beforeAll(async () => {
  service = await TestService.start();
  conversations = service.app.get(ConversationsService, { strict: false });
  events = service.app.get(EventsService, { strict: false });
  compactions = service.app.get(CompactionService, { strict: false });
});
afterAll(() => service.stop());

const idOf = (id: string) => new ConversationId('default', id);

async function violationsOf(call: Promise<unknown>): Promise<string[]> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof InvalidPayloadError)) throw new Error('no InvalidPayloadError', { cause: error });
  return error.details.map(({ path }) => path);
}

describe('ConversationsService', () => {
  it('creates and updates a conversation from plain objects', async () => {
    const policy = { strategy: 'last_n', config: { limit: 5, trigger_ratio: 0.5 } };
    const { conversation, created } = await conversations.put(idOf('put'), {
      tokenBudget: 1000,
      policy,
      metadata: { a: 1, b: 2 },
    });
    expect(created).toBe(true);
    expect(conversation).toMatchObject({
      policyStrategy: 'last_n',
      policyConfig: '{"limit":5}',
      triggerRatio: 0.5,
      metadata: '{"a":1,"b":2}',
    });
    const patched = await conversations.patchMetadata(idOf('put'), { a: null, c: { d: [3] } });
    expect(patched.metadata).toBe('{"b":2,"c":{"d":[3]}}');
    expect((await service.http.get('put')).body).toMatchObject({ metadata: { b: 2, c: { d: [3] } } });
  });

  it('rejects an invalid policy object and creates nothing', async () => {
    for (const [policy, path] of [
      [{ strategy: 'unknown' }, 'policy.strategy'],
      [{ strategy: 'last_n', config: { limit: 0 } }, 'policy.config.limit'],
    ] as const) {
      const put = conversations.put(idOf('bad-policy'), { tokenBudget: 1000, policy });
      expect(await violationsOf(put)).toEqual([path]);
    }
    expect((await service.http.get('bad-policy')).status).toBe(404);
  });

  it('rejects metadata above 64 KiB', async () => {
    const put = conversations.put(idOf('large'), { tokenBudget: 1000, metadata: { a: 'x'.repeat(65_536) } });
    expect(await violationsOf(put)).toEqual(['metadata']);
  });
});

describe('EventsService', () => {
  it('appends plain objects and reads them as a page', async () => {
    await service.http.put('objects');
    const turn = {
      events: [
        { role: 'user' as const, content: 'hello', id: 'e-1' },
        { role: 'tool' as const, parts: [{ type: 'x', n: 1 }] },
      ],
      idempotencyKey: 'k',
    };
    const appended = await events.append(idOf('objects'), turn);
    expect(appended).toMatchObject({ events: [{ seq: 1 }, { seq: 2 }], deduped: false });
    expect((await events.append(idOf('objects'), turn)).deduped).toBe(true);
    const page = await events.read(idOf('objects'), { cursor: 0 });
    expect(page.nextCursor).toBe(2);
    expect(page.events.map(({ body }) => body)).toEqual([
      '{"role":"user","parts":[{"type":"text","text":"hello"}],"id":"e-1"}',
      '{"role":"tool","parts":[{"type":"x","n":1}]}',
    ]);
  });

  it('rejects a turn with an invalid event and stores nothing', async () => {
    await service.http.put('bad-object');
    const turn = { events: [{ role: 'user' as const, content: 'a' }, { role: 'user' as const }] };
    expect(await violationsOf(events.append(idOf('bad-object'), turn))).toEqual(['events[1].parts']);
    expect(await violationsOf(events.append(idOf('bad-object'), { events: [] }))).toEqual(['events']);
    expect((await service.http.get('bad-object')).body.last_seq).toBe(0);
  });
});

describe('CompactionService', () => {
  it('replaces a range with plain objects', async () => {
    await service.http.put('compacted');
    await service.http.say('compacted', 'one');
    const replacement = [{ role: 'system' as const, content: 'summary' }];
    const range = { fromSeq: 1, toSeq: 1 };
    expect(await compactions.compact(idOf('compacted'), { ...range, replacement })).toEqual({
      version: 2,
      ...range,
      warnings: [],
    });
    const { messages } = (await service.http.window('compacted')).body;
    expect(messages).toMatchObject([{ seq: 1, parts: [{ type: 'text', text: 'summary' }] }]);
    const robot = [{ role: 'robot' as 'user', content: 'a' }];
    const invalid = compactions.compact(idOf('compacted'), { ...range, replacement: robot });
    expect(await violationsOf(invalid)).toEqual(['replacement[0].role']);
  });

  it('withdraws a range, and its events are marked in the log', async () => {
    const id = idOf('withdrawn');
    await service.http.put(id.id);
    for (const text of ['one', 'two', 'three']) await service.http.say(id.id, text);
    const withdrawn = await compactions.withdraw(id, { fromSeq: 2, ifVersion: 3 });
    expect(withdrawn).toEqual({ version: 4, fromSeq: 2, toSeq: 3, warnings: [] });
    const { events: logged } = await events.read(id, { cursor: 0 });
    expect(logged.map((event) => event.withdrawnAtVersion)).toEqual([undefined, 4, 4]);
    const others = await events.read(id, { cursor: 0, withdrawn: 'exclude' });
    expect(others).toMatchObject({ events: [{ seq: 1 }], nextCursor: 3 });
  });

  it('returns the range and a warning about a group, or with snap the larger range', async () => {
    await service.http.put('split');
    const parts = [
      [{ type: 'tool_call', id: 'c', name: 'ping' }],
      [{ type: 'tool_result', id: 'c', output: 'up' }],
    ];
    await events.append(idOf('split'), {
      events: parts.map((each) => ({ role: 'assistant' as const, parts: each })),
    });
    const first = { fromSeq: 1, toSeq: 1, replacement: [{ role: 'system' as const, content: 'summary' }] };
    expect(await compactions.compact(idOf('split'), first)).toEqual({
      version: 3,
      fromSeq: 1,
      toSeq: 1,
      warnings: [{ code: 'splits_group', fromSeq: 1, toSeq: 2 }],
    });
    expect(await compactions.compact(idOf('split'), { ...first, snap: true })).toEqual({
      version: 4,
      fromSeq: 1,
      toSeq: 2,
      warnings: [],
    });
  });
});
