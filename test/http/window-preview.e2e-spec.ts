import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConversationId } from '../../src/common/conversation-id.js';
import { WindowService } from '../../src/window/window.service.js';
import { expectError, violationPaths } from '../support/error-shape.js';
import type { HttpResponse } from '../support/http-client.js';
import { WebSocketReader } from '../support/stream-reader.js';
import { TestService } from '../support/test-service.js';
import {
  textEvent,
  toolResultEvent,
  userEvents,
  WindowConversations,
} from '../support/window-conversations.js';

let service: TestService;
let windows: WindowConversations;
beforeAll(async () => {
  service = await TestService.start();
  windows = new WindowConversations(service, 'preview');
});
afterAll(() => service.stop());

const preview = (id: string, body: object, query = ''): Promise<HttpResponse> =>
  service.http.request('POST', service.http.path(id, `/window/preview${query}`), { body });

const replacement = [textEvent('system', 'in short', 5)];

/** What a conversation has stored. */
async function stored(id: string): Promise<object> {
  return {
    record: (await service.http.get(id)).text,
    events: (await service.http.events(id, '?from_seq=1')).text,
    window: (await service.http.window(id)).text,
    compactions: await service.database.query(
      'SELECT * FROM fastpaca.compactions WHERE conversation_id = $1 ORDER BY version',
      [id],
    ),
  };
}

/** A window without what a stored compaction gives it: its version, its time and its part of the prefix. */
function comparable({ body: { version: _, ...window } }: HttpResponse): object {
  const text = JSON.stringify({ ...window, prefix: { ...window.prefix, hash: undefined } });
  return JSON.parse(text, (key, value: unknown) => (key === 'inserted_at' ? undefined : value)) as object;
}

const call = { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'f' }], token_count: 7 };
const answer = { role: 'tool', parts: [{ type: 'tool_result', id: 'c', output: 'x' }], token_count: 9 };
const event = fc.oneof(
  fc.constantFrom(0, 3, 10, 40).map((tokens) => textEvent('user', `${tokens} tokens`, tokens)),
  fc.constantFrom<object>(call, answer, toolResultEvent(6), textEvent('system', 'rules', 4)),
);
const range = fc.record({
  from_seq: fc.integer({ min: 1, max: 14 }),
  length: fc.integer({ min: 0, max: 8 }),
  snap: fc.boolean(),
});
const settings = fc.record(
  {
    token_budget: fc.integer({ min: 20, max: 200 }),
    reserve_tokens: fc.integer({ min: 0, max: 19 }),
    model: fc.constantFrom('gpt-4o', 'own-model'),
    policy: fc.constantFrom<object[]>(
      { strategy: 'budget' },
      { strategy: 'last_n', config: { limit: 5, trigger_ratio: 0.2 } },
      { strategy: 'strip_tool_results', config: { max_tokens: 60 } },
    ),
  },
  { requiredKeys: [] },
);

describe('POST /v1/conversations/:id/window/preview', () => {
  it('returns what the window is after a PUT and a compaction, and stores nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 14 }),
        fc.array(range, { maxLength: 3 }),
        settings,
        fc.option(range, { nil: undefined }),
        fc.constantFrom('', '?budget_tokens=30', '?format=openai-chat'),
        async (events, earlier, changed, hypothetical, query) => {
          const id = await windows.create({ token_budget: 150, policy: { strategy: 'budget' } }, events);
          const compactionOf = ({
            from_seq,
            length,
            snap,
          }: {
            from_seq: number;
            length: number;
            snap: boolean;
          }) => ({
            from_seq,
            to_seq: from_seq + length,
            replacement,
            snap,
          });
          for (const each of earlier) await service.http.compact(id, compactionOf(each));
          const before = await stored(id);
          const compaction = hypothetical && compactionOf(hypothetical);
          const previewed = await preview(id, { ...changed, compaction }, query);
          expect(await stored(id)).toEqual(before);

          const { version } = (await service.http.get(id)).body;
          expect((await service.http.put(id, changed)).status).toBe(200);
          const compacted = compaction && (await service.http.compact(id, compaction));
          if (compacted && compacted.status !== 200) {
            expect(previewed.status).toBe(compacted.status);
            expect(previewed.body.reason).toBe(compacted.body.reason);
            return;
          }
          expect(previewed.status).toBe(200);
          expect(previewed.body.version).toBe(version);
          const { warnings, ...window } = comparable(previewed) as { warnings?: object[] };
          expect(warnings).toEqual(compacted?.body.warnings);
          expect(window).toEqual(comparable(await service.http.window(id, query)));
        },
      ),
      { numRuns: Number(process.env.RUNS ?? 40), endOnFailure: true },
    );
  });

  it('returns the window as it is for an empty preview', async () => {
    const id = await windows.create({}, userEvents(3));
    await windows.summarize(id, 1, 2);
    const { status, text, headers } = await preview(id, {});
    expect([status, text]).toEqual([200, (await service.http.window(id)).text]);
    expect(headers.get('etag')).toBeNull();
  });

  it('replaces the active compactions in the range', async () => {
    const id = await windows.create({ policy: { strategy: 'budget' } }, userEvents(6));
    await windows.summarize(id, 1, 2);
    await windows.summarize(id, 5, 5);
    const { body } = await preview(id, { compaction: { from_seq: 1, to_seq: 3, replacement } });
    expect(body).toMatchObject({ version: 8, used_tokens: 5 + 10 + 10 + 10 });
    expect(body.segments).toEqual([
      { type: 'summary', from_seq: 1, to_seq: 3 },
      { type: 'live', from_seq: 4, to_seq: 4 },
      { type: 'summary', from_seq: 5, to_seq: 5 },
      { type: 'live', from_seq: 6, to_seq: 6 },
    ]);
    expect(body.messages[0]).toMatchObject({ role: 'system', seq: 1, from_seq: 1, to_seq: 3 });
  });

  it('warns of a range that cuts through a group, and snaps to the larger one', async () => {
    const events = [textEvent('user', 'go', 1), call, answer, textEvent('user', 'on', 1)];
    const id = await windows.create({}, events);
    const cut = await preview(id, { compaction: { from_seq: 1, to_seq: 2, replacement } });
    expect(cut.body.warnings).toEqual([{ code: 'splits_group', from_seq: 1, to_seq: 3 }]);
    const whole = await preview(id, { compaction: { from_seq: 1, to_seq: 2, replacement, snap: true } });
    expect(whole.body.warnings).toBeUndefined();
    expect(whole.body.segments[0]).toEqual({ type: 'summary', from_seq: 1, to_seq: 3 });
  });

  it('previews a past version: its log, its compactions and its range', async () => {
    const id = await windows.create({ policy: { strategy: 'budget' } }, userEvents(3));
    await windows.summarize(id, 1, 2);
    await service.http.say(id, 'later');
    const compaction = { from_seq: 2, to_seq: 3, replacement };
    const { body } = await preview(id, { compaction }, '?at_version=3');
    expect(body).toMatchObject({ version: 3, used_tokens: 15 });
    expectError(await preview(id, { compaction: { ...compaction, to_seq: 4 } }, '?at_version=3'), 400);
    expect((await preview(id, { compaction }, '?at_version=4')).body.reason).toBe('range_overlap');
    expect(violationPaths(await preview(id, {}, '?at_version=6'))).toEqual(['at_version']);
    expect((await preview(id, {}, '?if_version=4')).body).toMatchObject({
      reason: 'version_mismatch',
      actual: 5,
    });
  });

  it.each<[string, object, string[]]>([
    ['settings', { token_budget: 0, policy: { strategy: 'none' } }, ['policy.strategy', 'token_budget']],
    ['a budget above the maximum', { token_budget: 2_000_000 }, ['token_budget']],
    ['a policy config', { policy: { strategy: 'last_n', config: { limit: 0 } } }, ['policy.config.limit']],
    ['reserved tokens', { token_budget: 10, reserve_tokens: 10 }, ['reserve_tokens']],
    ['more reserved tokens than the stored budget', { reserve_tokens: 1000 }, ['reserve_tokens']],
    ['a model', { model: '' }, ['model']],
    [
      'unknown fields',
      { metadata: {}, compaction: { range: 1 } },
      ['compaction.from_seq', 'compaction.range', 'compaction.replacement', 'compaction.to_seq', 'metadata'],
    ],
    ['a compaction that is no object', { compaction: [1] }, ['compaction']],
    [
      'a replacement',
      { compaction: { from_seq: 1, to_seq: 1, replacement: [{ role: 'boss', content: 'x' }] } },
      ['compaction.replacement[0].role'],
    ],
    ['no replacement', { compaction: { from_seq: 1, to_seq: 1 } }, ['compaction.replacement']],
    ['a reversed range', { compaction: { from_seq: 2, to_seq: 1, replacement } }, ['compaction.to_seq']],
    [
      'a range before the log',
      { compaction: { from_seq: 0, to_seq: 1, replacement } },
      ['compaction.from_seq'],
    ],
    ['a range after the log', { compaction: { from_seq: 1, to_seq: 3, replacement } }, ['compaction.to_seq']],
  ])('returns 400 that names the field: %s', async (_, body, paths) => {
    const id = await windows.create({}, userEvents(2));
    const response = await preview(id, body);
    expectError(response, 400);
    expect(violationPaths(response)).toEqual(paths);
  });

  it('returns 404 for an unknown conversation, and previews of a deleted one', async () => {
    expectError(await preview('preview-nobody', {}), 404);
    const id = await windows.create({}, userEvents(2));
    await service.http.delete(id);
    const { status, body } = await preview(id, { token_budget: 15, policy: { strategy: 'budget' } });
    expect([status, body.messages.length]).toEqual([200, 1]);
  });

  it('has the token factor of another model', async () => {
    await service.database.query(
      `INSERT INTO fastpaca.calibrations (namespace, model, factor) VALUES ('default', 'learned', 1.5)`,
    );
    const id = await windows.create({ policy: { strategy: 'budget' } }, userEvents(3));
    const { body } = await preview(id, { model: 'learned', token_budget: 30 });
    expect(body).toMatchObject({ token_factor: 1.5, used_tokens: 30 });
    expect(body.messages).toHaveLength(2);
    expect((await preview(id, { model: 'unknown' })).body).toMatchObject({
      token_factor: 1,
      used_tokens: 30,
    });
  });

  it('gives other summaries other prefixes', async () => {
    const id = await windows.create({}, userEvents(3));
    const hashOf = async (text: string) => {
      const compaction = { from_seq: 1, to_seq: 2, replacement: [textEvent('system', text, 5)] };
      return (await preview(id, { compaction })).body.prefix.hash;
    };
    expect(await hashOf('a')).toBe(await hashOf('a'));
    expect(await hashOf('a')).not.toBe(await hashOf('b'));
  });

  it('sends nothing to the stream', async () => {
    const id = await windows.create({}, userEvents(2));
    const reader = await WebSocketReader.open(service.url, service.http.path(id));
    await preview(id, { token_budget: 11, compaction: { from_seq: 1, to_seq: 1, replacement } });
    await service.http.say(id, 'next');
    await reader.frame(({ type, version }) => type === 'window' && version === 3);
    expect(reader.frames.map(({ type, version }) => [type, version])).toEqual([
      ['event', 3],
      ['window', 3],
    ]);
    await reader.close();
  });
});

describe('WindowService.preview', () => {
  it('takes plain objects, validates them and returns messages as objects', async () => {
    const id = await windows.create({}, [...userEvents(1), call, answer]);
    const windowService = service.app.get(WindowService);
    const compaction = { fromSeq: 1, toSeq: 2, replacement: [{ role: 'user' as const, content: 'brief' }] };
    const window = await windowService.preview(new ConversationId('default', id), { compaction });
    expect(window.messages[0]?.fields).toMatchObject({
      parts: [{ type: 'text', text: 'brief' }],
    });
    expect(window.warnings).toEqual([{ code: 'splits_group', fromSeq: 1, toSeq: 3 }]);
    const invalid = { ...compaction, replacement: [{ role: 'user' as const }] };
    await expect(
      windowService.preview(new ConversationId('default', id), { compaction: invalid }),
    ).rejects.toMatchObject({ details: [{ path: 'compaction.replacement[0].parts' }] });
  });
});
