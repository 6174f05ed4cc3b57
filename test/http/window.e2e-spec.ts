import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationId } from '../../src/common/conversation-id.js';
import { VersionMismatchError } from '../../src/conversations/conversations.errors.js';
import { WindowService } from '../../src/window/window.service.js';
import { TestService } from '../support/test-service.js';
import { userEvents, WindowConversations } from '../support/window-conversations.js';
import { tokensOf } from '../support/window-model/index.js';

let service: TestService;
let windows: WindowConversations;
beforeAll(async () => {
  service = await TestService.start();
  windows = new WindowConversations(service, 'window');
});
afterAll(() => service.stop());

describe('GET /v1/conversations/:id/window', () => {
  it('returns an empty window for an empty conversation', async () => {
    const id = await windows.create({});
    const { status, body } = await service.http.window(id);
    expect(status).toBe(200);
    expect(body).toEqual({
      version: 0,
      messages: [],
      used_tokens: 0,
      needs_compaction: false,
      segments: [],
      budget_tokens: 1000,
      repairs: [],
      prefix: {
        hash: expect.any(String),
        start_seq: 1,
        compaction_version: 0,
        settings: expect.any(String),
      },
    });
  });

  it('returns 404 for an unknown conversation, and the same window after a delete', async () => {
    expect((await service.http.window('window-nobody')).status).toBe(404);
    const id = await windows.create({}, userEvents(3));
    const { body } = await service.http.window(id);
    await service.http.delete(id);
    expect((await service.http.window(id)).body).toEqual(body);
  });

  it('returns each event as it is stored, with its seq and inserted_at', async () => {
    const id = await windows.create({}, [
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
        extra: true,
        inserted_at: at,
      },
      {
        seq: 2,
        role: 'user',
        parts: [{ type: 'text', text: 'b' }],
        id: null,
        metadata: null,
        inserted_at: at,
      },
    ]);
  });

  it('returns 409 with both versions if if_version is stale', async () => {
    const id = await windows.create({}, userEvents(2));
    expect((await service.http.window(id, '?if_version=2')).status).toBe(200);
    const { status, body } = await service.http.window(id, '?if_version=0');
    expect(status).toBe(409);
    expect(body).toMatchObject({ error: 'conflict', reason: 'version_mismatch', expected: 0, actual: 2 });
  });

  it('estimates a message as 3 + tokens(role) + tokens of what goes to the model, with special tokens as text', async () => {
    const id = await windows.create({ token_budget: 100_000 });
    const parts = [
      { type: 'text', text: 'Hello <|endoftext|> you <|im_start|>', extra: 'not counted' },
      { type: 'reasoning', text: 'Привет, мир! 你好' },
      { type: 'tool_call', name: 'find', arguments: '{"a": 1}' },
      { type: 'text', text: 5 },
    ];
    const { body } = await service.http.append(id, { event: { role: 'assistant', parts } });
    const counted = [
      'assistant',
      'Hello <|endoftext|> you <|im_start|>',
      'Привет, мир! 你好',
      'find',
      '{"a": 1}',
      '{"type":"text","text":5}',
    ];
    expect(body.token_estimate).toBe(counted.reduce((sum, text) => sum + tokensOf(text), 3));
    const simple = await service.http.say(id, 'How do I deploy this?');
    expect(simple.body.token_estimate).toBe(3 + 1 + 6);
  });

  it('reflects the current version after compactions that replace each other', async () => {
    const id = await windows.create({ policy: { strategy: 'budget' } }, userEvents(10, 1));
    await windows.summarize(id, 3, 4);
    await windows.summarize(id, 6, 7);
    await windows.summarize(id, 3, 4, 3);
    await windows.summarize(id, 2, 8, 4);
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

  it('returns the correct window with 1,000 compactions', async () => {
    const id = await windows.create(
      { token_budget: 100_000, policy: { strategy: 'last_n', config: { limit: 3 } } },
      userEvents(2100, 1),
    );
    for (let seq = 1; seq <= 2000; seq += 2) await windows.summarize(id, seq, seq, 2);
    const { body } = await service.http.window(id);
    expect(body.version).toBe(3100);
    expect(body.segments).toHaveLength(1001);
    expect(body.used_tokens).toBe(2003);
    await service.http.put(id, { policy: { strategy: 'budget' } });
    expect((await service.http.window(id)).body.used_tokens).toBe(1000 * 2 + 1100);
  });
});

describe('WindowService.read', () => {
  it('returns the same window as the HTTP route, as objects', async () => {
    const id = await windows.create({}, [
      ...userEvents(3),
      { role: 'assistant', parts: [{ type: 'text', text: 'a', n: 1.5 }], id: 'x', metadata: { k: 1 } },
    ]);
    await windows.summarize(id, 1, 2);
    const { body } = await service.http.window(id);
    const window = await service.app.get(WindowService).read(new ConversationId('default', id));

    expect(window).toMatchObject({
      version: body.version,
      usedTokens: body.used_tokens,
      budgetTokens: body.budget_tokens,
      needsCompaction: body.needs_compaction,
    });
    const asInBody = window.messages.map(({ fields }) => fields);
    expect(asInBody).toEqual(body.messages);
    expect(window.messages.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(window.usedTokens);
    expect(
      window.segments.map(({ type, fromSeq, toSeq }) => ({ type, from_seq: fromSeq, to_seq: toSeq })),
    ).toEqual(body.segments);
    expect(window.segments.flatMap(({ messages }) => messages)).toEqual(window.messages);
  });

  it('accepts the options of the HTTP route', async () => {
    const id = new ConversationId('default', await windows.create({}, userEvents(3)));
    const windowService = service.app.get(WindowService);
    const { messages, budgetTokens } = await windowService.read(id, { budgetTokens: 25, ifVersion: 3 });
    expect([messages.map(({ seq }) => seq), budgetTokens]).toEqual([[2, 3], 25]);
    await expect(windowService.read(id, { ifVersion: 2 })).rejects.toThrow(VersionMismatchError);
  });
});
