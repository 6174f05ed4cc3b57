import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FORMATS } from '@fastpaca/messages';
import { validatePrompt } from '@fastpaca/messages/validate';
import { expectError } from '../support/error-shape.js';
import { TestService } from '../support/test-service.js';
import { WindowConversations } from '../support/window-conversations.js';

const SETTINGS = { token_budget: 100_000, policy: { strategy: 'budget' } };

let service: TestService;
let windows: WindowConversations;
beforeAll(async () => {
  service = await TestService.start();
  windows = new WindowConversations(service, 'openai');
});
afterAll(() => service.stop());

const functionCall = (id: string, name: string, args: object) => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(args) },
});

/** Conversations as the OpenAI SDK has them. */
const CONVERSATIONS = {
  'tool results in another order than their calls': [
    { role: 'user', content: 'Price of A and of B?' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        functionCall('call_A', 'price', { sku: 'A' }),
        functionCall('call_B', 'price', { sku: 'B' }),
      ],
      refusal: null,
      annotations: [],
    },
    { role: 'tool', tool_call_id: 'call_B', content: 'B costs 900' },
    { role: 'tool', tool_call_id: 'call_A', content: 'A costs 5' },
    { role: 'assistant', content: 'A costs 5, B costs 900.', refusal: null },
  ],
  'text beside tool calls': [
    { role: 'user', content: 'list files' },
    {
      role: 'assistant',
      content: 'Let us look.',
      tool_calls: [functionCall('call_1', 'bash', { command: 'ls' })],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'README.md' },
  ],
  'tool calls without content, and custom tools': [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', content: 'list files' },
    {
      role: 'assistant',
      tool_calls: [{ id: 'call_1', type: 'custom', custom: { name: 'bash', input: 'ls' } }],
    },
    { role: 'tool', content: [{ type: 'text', text: 'README.md' }], tool_call_id: 'call_1' },
  ],
  'names and lists of content': [
    { role: 'user', name: 'alice', content: 'I pay' },
    { name: 'bob', role: 'user', content: [{ type: 'text', text: 'no, me' }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'here is the bill' },
        { type: 'image_url', image_url: { url: 'https://example.com/bill.png', detail: 'low' } },
      ],
    },
  ],
};

describe('messages of the OpenAI SDK that are appended as they are', () => {
  it.each(Object.entries(CONVERSATIONS))(
    'are returned unchanged by a window in the format openai-chat: %s',
    async (_, events) => {
      const id = await windows.create(SETTINGS, events);
      const { status, body } = await service.http.window(id, '?format=openai-chat');
      expect(status).toBe(200);
      expect(body).toMatchObject({ format: 'openai-chat', prompt: { messages: events }, repairs: [] });
      expect(body.prompt).toEqual({ messages: events });
      expect(body.prompt.messages.map(Object.keys)).toEqual(events.map(Object.keys));
    },
  );

  it.each(Object.entries(CONVERSATIONS))(
    'keep all their fields in the log and in the window: %s',
    async (_, events) => {
      const id = await windows.create(SETTINGS, events);
      const stored = events.map(({ content, ...fields }: Record<string, unknown>) => ({
        ...fields,
        parts: typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []),
      }));
      const log = (await service.http.events(id)).body.events;
      expect(log).toEqual(stored.map((event) => expect.objectContaining(event)));
      const { messages, repairs } = (await service.http.window(id)).body;
      expect(messages).toEqual(
        stored.map((event, index) => ({ seq: index + 1, ...event, inserted_at: expect.any(String) })),
      );
      expect(repairs).toEqual([]);
    },
  );

  it('count their tool calls in token_estimate and used_tokens', async () => {
    const [user, assistant, tool] = CONVERSATIONS['text beside tool calls'];
    const id = await windows.create(SETTINGS, [
      user!,
      { ...assistant, tool_calls: undefined },
      assistant!,
      tool!,
    ]);
    const { events } = (await service.http.events(id)).body;
    const estimates: number[] = events.map((event: { token_estimate: number }) => event.token_estimate);
    const [, withoutCall = 0, withCall] = estimates;
    expect(withCall).toBe(withoutCall + 1 + 5); // bash, and the arguments {"|command|":"|ls|"}
    expect((await service.http.window(id)).body.used_tokens).toBe(
      estimates.reduce((sum, tokens) => sum + tokens),
    );
  });

  it('become prompts that every provider accepts, with every result at its call', async () => {
    const [first] = Object.values(CONVERSATIONS);
    const id = await windows.create(SETTINGS, first);
    for (const format of FORMATS) {
      const { body } = await service.http.window(id, `?format=${format}`);
      expect({ format, violations: validatePrompt(format, body.prompt) }).toEqual({ format, violations: [] });
    }
    const { body } = await service.http.window(id, '?format=anthropic');
    expect(body.prompt.messages[2]).toEqual({
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'call_B', content: 'B costs 900' },
        { type: 'tool_result', tool_use_id: 'call_A', content: 'A costs 5' },
      ],
    });
  });

  it('are accepted as the replacement of a compaction', async () => {
    const events = CONVERSATIONS['text beside tool calls'];
    const id = await windows.create(SETTINGS, [{ role: 'user', content: 'a' }]);
    const calls = [functionCall('call_1', 'bash', { command: 'ls' })];
    const replacement = [
      ...events,
      { role: 'assistant', content: null, tool_calls: calls },
      { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'README.md' }] },
    ];
    const { status } = await service.http.compact(id, { from_seq: 1, to_seq: 1, replacement });
    expect(status).toBe(200);
    const { messages } = (await service.http.window(id)).body;
    expect(messages.map(({ parts }: { parts: unknown }) => parts)).toEqual([
      [{ type: 'text', text: 'list files' }],
      [{ type: 'text', text: 'Let us look.' }],
      [{ type: 'text', text: 'README.md' }],
      [],
      [{ type: 'text', text: 'README.md' }],
    ]);
    expect(messages[3]).toMatchObject({ seq: 1, from_seq: 1, to_seq: 1, tool_calls: calls });
  });
});

describe('an unknown format', () => {
  it('is rejected with the list of formats', async () => {
    const id = await windows.create(SETTINGS);
    const response = await service.http.window(id, '?format=openai');
    expectError(response, 400);
    expect(response.body.details).toEqual([
      { path: 'format', message: `must be one of ${FORMATS.join(', ')}` },
    ]);
  });
});

describe('tool results with the id of their call as a field of the event', () => {
  it('stay with their call, in any order, also if the calls are parts', async () => {
    const id = await windows.create(SETTINGS, [
      { role: 'user', content: 'Price of A and of B?' },
      {
        role: 'assistant',
        parts: ['A', 'B'].map((sku) => ({
          type: 'tool_call',
          id: `call_${sku}`,
          name: 'price',
          arguments: JSON.stringify({ sku }),
        })),
      },
      { role: 'tool', tool_call_id: 'call_B', content: 'B costs 900' },
      { role: 'tool', tool_call_id: 'call_A', content: 'A costs 5' },
    ]);
    const { messages } = (await service.http.window(id)).body;
    expect(messages.slice(2)).toMatchObject([
      { tool_call_id: 'call_B', parts: [{ text: 'B costs 900' }] },
      { tool_call_id: 'call_A', parts: [{ text: 'A costs 5' }] },
    ]);
    const { prompt } = (await service.http.window(id, '?format=openai-chat')).body;
    expect(prompt.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          functionCall('call_A', 'price', { sku: 'A' }),
          functionCall('call_B', 'price', { sku: 'B' }),
        ],
      },
      { role: 'tool', tool_call_id: 'call_B', content: 'B costs 900' },
      { role: 'tool', tool_call_id: 'call_A', content: 'A costs 5' },
    ]);
  });
});
