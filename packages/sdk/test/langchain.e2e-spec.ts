import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AIMessage,
  ChatMessage,
  HumanMessage,
  mapChatMessagesToStoredMessages,
  SystemMessage,
  ToolMessage,
  type BaseMessage,
} from '@langchain/core/messages';
import { ChatPromptTemplate, MessagesPlaceholder } from '@langchain/core/prompts';
import { RunnableWithMessageHistory } from '@langchain/core/runnables';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { TestService } from '../../../test/support/test-service.js';
import { createClient, type Client, type Context } from '../src/index.js';
import { FastpacaChatMessageHistory } from '../src/langchain.js';

let service: TestService;
let client: Client;
let ctx: Context;
let conversations = 0;
beforeAll(async () => {
  service = await TestService.start();
  client = createClient({ baseUrl: service.url });
});
afterAll(() => service.stop());
beforeEach(async () => {
  ctx = await client.context(`langchain-${(conversations += 1)}`).budget(100_000);
});

const stored = (messages: BaseMessage[]) => mapChatMessagesToStoredMessages(messages);
const texts = (messages: BaseMessage[]) => messages.map(({ text }) => text);

const CALL = { id: 'call-1', name: 'lookup', args: { order: 7 }, type: 'tool_call' as const };
const TURN: BaseMessage[] = [
  new SystemMessage('Be brief.'),
  new HumanMessage({ content: 'Where is it?', id: 'm-1', name: 'ann', additional_kwargs: { x: { y: [1] } } }),
  new AIMessage({
    content: '',
    tool_calls: [CALL],
    usage_metadata: { input_tokens: 5, output_tokens: 2, total_tokens: 7 },
    response_metadata: { model: 'fake' },
  }),
  new ToolMessage({ content: 'shipped', tool_call_id: 'call-1', status: 'success', artifact: { raw: true } }),
  new AIMessage({
    content: [
      { type: 'text', text: 'It is ' },
      { type: 'text', text: 'shipped.' },
    ],
  }),
  new HumanMessage({
    content: [
      { type: 'text', text: 'And this?' },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    ],
  }),
  new AIMessage({ content: '', tool_calls: [{ ...CALL, id: 'call-2' }] }),
  new ToolMessage({ content: [{ type: 'text', text: 'lost' }], tool_call_id: 'call-2' }),
];

describe('FastpacaChatMessageHistory', () => {
  it.each(['window', 'log'] as const)('returns the messages unchanged from the %s', async (source) => {
    const history = new FastpacaChatMessageHistory({ context: ctx, source });
    expect(await history.getMessages()).toEqual([]);
    await history.addMessages(TURN);
    await history.addMessage(new AIMessage('Done.'));
    const messages = await history.getMessages();
    expect(stored(messages)).toEqual(stored([...TURN, new AIMessage('Done.')]));
    expect(messages.map((message) => message.constructor)).toEqual(
      [...TURN, new AIMessage('')].map((message) => message.constructor),
    );
  });

  it('stores roles, text, tool calls and tool results in a form that other readers understand', async () => {
    await new FastpacaChatMessageHistory({ context: ctx }).addMessages(TURN.slice(0, 4));
    const { messages } = await ctx.window();
    expect(messages.map(({ role, parts }) => ({ role, parts }))).toEqual([
      { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
      { role: 'user', parts: [{ type: 'text', text: 'Where is it?' }] },
      { role: 'assistant', parts: [{ ...CALL, origin: 'tool_calls' }] },
      { role: 'tool', parts: [{ type: 'tool_result', tool_call_id: 'call-1', content: 'shipped' }] },
    ]);
  });

  it('appends more than 100 messages in several turns', async () => {
    const history = new FastpacaChatMessageHistory({ context: ctx });
    const many = Array.from({ length: 130 }, (_, index) => new HumanMessage(`message ${index}`));
    await history.addMessages(many);
    expect(texts(await history.getMessages())).toEqual(texts(many));
    await history.addMessages([]);
    expect((await ctx.get()).lastSeq).toBe(130);
  });

  it('returns what the policy selects and the system message, without a tool result whose call is missing', async () => {
    const small = await client.context(ctx.id).policy({ strategy: 'last_n', config: { limit: 3 } });
    const history = new FastpacaChatMessageHistory({ context: small });
    await history.addMessages(TURN.slice(0, 5));
    const begin = new HumanMessage('Continue.');
    const system = TURN[0]!;
    expect(stored(await history.getMessages())).toEqual(stored([system, begin, ...TURN.slice(2, 5)]));
    await history.addMessage(new HumanMessage('next'));
    expect(stored(await history.getMessages())).toEqual(
      stored([system, begin, TURN[4]!, new HumanMessage('next')]),
    );
  });

  it('omits call and result when the policy omits tool parts', async () => {
    const terse = await client.context(ctx.id).policy({ strategy: 'skip_parts', config: {} });
    const history = new FastpacaChatMessageHistory({ context: terse });
    await history.addMessages([
      new HumanMessage('Where?'),
      new AIMessage({ content: 'I will look.', tool_calls: [CALL] }),
      TURN[3]!,
      new AIMessage('There.'),
      new HumanMessage('And now?'),
    ]);
    const messages = await history.getMessages();
    expect(texts(messages)).toEqual(['Where?', 'I will look.', 'There.', 'And now?']);
    expect((messages[1] as AIMessage).tool_calls).toEqual([]);
  });

  it('returns the placeholders of the policy strip_tool_results', async () => {
    const stripped = await client.context(ctx.id).policy({ strategy: 'strip_tool_results', config: {} });
    const history = new FastpacaChatMessageHistory({ context: stripped });
    await history.addMessages([new HumanMessage('Where?'), TURN[2]!, TURN[3]!, new HumanMessage('And now?')]);
    expect(texts(await history.getMessages())).toEqual(['Where?', '', '[tool result removed]', 'And now?']);
  });

  it.each(['window', 'log'] as const)('answers a call without a result, source %s', async (source) => {
    const history = new FastpacaChatMessageHistory({ context: ctx, source });
    const both = new AIMessage({ content: 'Both?', tool_calls: [CALL, { ...CALL, id: 'call-2' }] });
    await history.addMessages([new HumanMessage('Where?'), both]);
    await history.addMessage(new ToolMessage({ content: 'one', tool_call_id: 'call-1' }));
    const noResult = 'No result was recorded for this call';
    expect(texts(await history.getMessages())).toEqual(['Where?', 'Both?', noResult, 'one']);
    await history.addMessage(new ToolMessage({ content: 'two', tool_call_id: 'call-2' }));
    expect(texts(await history.getMessages())).toEqual(['Where?', 'Both?', 'one', 'two']);
  });

  it('clears a conversation whose window is empty', async () => {
    const history = new FastpacaChatMessageHistory({ context: ctx, source: 'log' });
    await history.addMessage(new HumanMessage('a long message'.repeat(20)));
    await client.context(ctx.id).budget(20);
    expect((await ctx.window()).messages).toEqual([]);
    await history.clear();
    expect(await history.getMessages()).toEqual([]);
  });

  it('returns messages for events and summaries of other writers', async () => {
    await ctx.append([
      { role: 'user', content: 'old' },
      { role: 'assistant', content: 'older' },
    ]);
    await ctx.compact({ fromSeq: 1, toSeq: 2, replacement: [{ role: 'system', content: 'They met.' }] });
    await ctx.append([
      { role: 'user', content: 'Where is 7?', id: 'u-1' },
      {
        role: 'assistant',
        parts: [{ type: 'tool_call', id: 'c', name: 'lookup', arguments: '{"order":7}' }],
      },
      { role: 'tool', parts: [{ type: 'tool_result', tool_call_id: 'c', content: { found: true } }] },
      { role: 'tool', parts: [{ type: 'tool_result', tool_call_id: 'nobody', content: 'lost' }] },
    ]);
    const messages = await new FastpacaChatMessageHistory({ context: ctx }).getMessages();
    expect(stored(messages)).toEqual(
      stored([
        new SystemMessage('They met.'),
        new HumanMessage({ content: 'Where is 7?', id: 'u-1' }),
        new AIMessage({
          content: '',
          tool_calls: [{ type: 'tool_call', id: 'c', name: 'lookup', args: { order: 7 } }],
        }),
        new ToolMessage({ content: '{"found":true}', tool_call_id: 'c' }),
      ]),
    );
  });

  it.each(['window', 'log'] as const)(
    'returns only new messages after clear, and keeps all events in the log: source %s',
    async (source) => {
      const history = new FastpacaChatMessageHistory({ context: ctx, source });
      await history.clear();
      expect((await ctx.get()).version).toBe(0);
      await history.addMessages(TURN);
      await history.clear();
      expect(await history.getMessages()).toEqual([]);
      await history.clear();
      await history.addUserMessage('again');
      await history.addAIMessage('yes');
      expect(texts(await history.getMessages())).toEqual(['again', 'yes']);
      expect(await ctx.get()).toMatchObject({ lastSeq: TURN.length + 2, version: TURN.length + 3 });
    },
  );

  it.each(['window', 'log'] as const)(
    'returns only new messages after the clear of an earlier version, source %s',
    async (source) => {
      const history = new FastpacaChatMessageHistory({ context: ctx, source });
      await ctx.append([
        { role: 'user', content: 'pinned', pinned: true },
        { role: 'user', content: 'old' },
      ]);
      const marker = { role: 'system' as const, content: 'Cleared.', metadata: { langchain_cleared: true } };
      await ctx.compact({ messages: [marker] });
      expect(await history.getMessages()).toEqual([]);
      await history.addUserMessage('new');
      expect(texts(await history.getMessages())).toEqual(['new']);
      await history.clear();
      expect((await ctx.window()).messages).toEqual([]);
    },
  );

  it('does not return withdrawn messages, source log', async () => {
    const history = new FastpacaChatMessageHistory({ context: ctx, source: 'log' });
    for (const text of ['one', 'two', 'three']) await history.addUserMessage(text);
    await ctx.withdraw({ fromSeq: 2, toSeq: 2 });
    expect(texts(await history.getMessages())).toEqual(['one', 'three']);
  });

  it('keeps a message with a custom role', async () => {
    const history = new FastpacaChatMessageHistory({ context: ctx });
    await history.addMessage(new ChatMessage('moved', 'critic'));
    expect(stored(await history.getMessages())).toEqual(stored([new ChatMessage('moved', 'critic')]));
  });

  it('works as the history of RunnableWithMessageHistory', async () => {
    const chain = ChatPromptTemplate.fromMessages([
      ['system', 'You count.'],
      new MessagesPlaceholder('history'),
      ['human', '{input}'],
    ]).pipe(new FakeListChatModel({ responses: ['one', 'two'] }));
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- existing applications use message histories with this class
    const withHistory = new RunnableWithMessageHistory({
      runnable: chain,
      getMessageHistory: (id: string) =>
        new FastpacaChatMessageHistory({ context: client.context(id).budget(5000) }),
      inputMessagesKey: 'input',
      historyMessagesKey: 'history',
    });
    const config = { configurable: { sessionId: ctx.id } };
    await withHistory.invoke({ input: 'first' }, config);
    await withHistory.invoke({ input: 'second' }, config);
    const messages = await new FastpacaChatMessageHistory({ context: ctx }).getMessages();
    expect(texts(messages)).toEqual(['first', 'one', 'second', 'two']);
    expect(messages.map(({ type }) => type)).toEqual(['human', 'ai', 'human', 'ai']);
  });
});
