import { renderPrompt, type WindowEvent } from '@fastpaca/messages';
import { describe, expect, it } from '@jest/globals';
import type { AgentInputItem } from '@openai/agents';
import { NotFoundError, type Context, type Withdrawal } from '../src/index.js';
import { FastpacaSession } from '../src/openai-agents.js';
import {
  ALL_ITEM_KINDS,
  assistantMessage,
  functionCall,
  functionResult,
  userMessage,
} from './support/agent-items.js';
import { setUpSession } from './support/agent-session.js';

const setup = setUpSession();
const appends = () => setup.proxy.requestsTo('POST', `${setup.ctx.id}/events`);
const texts = (items: readonly any[]) =>
  items.map(({ content }) => (typeof content === 'string' ? content : content?.[0]?.text));

describe('FastpacaSession', () => {
  it('returns the id of its conversation', async () => {
    const { ctx, session } = setup;
    expect(await session.getSessionId()).toBe(ctx.id);
  });

  it('creates the conversation if its context has a budget', async () => {
    const { client } = setup;
    const newSession = new FastpacaSession({ context: client.context('new').budget(500) });
    expect(await newSession.getSessionId()).toBe('new');
    await newSession.addItems([userMessage('hi')]);
    expect(await newSession.getItems()).toEqual([userMessage('hi')]);
    expect(await client.context('new').get()).toMatchObject({ tokenBudget: 500, lastSeq: 1 });
    const missing = new FastpacaSession({ context: client.context('never-made') });
    await expect(missing.getItems()).rejects.toThrow(NotFoundError);
  });

  it.each([{}, { context: 'chat-42' }])('rejects the options %j', (options) => {
    expect(() => new FastpacaSession(options as never)).toThrow(/needs a context: { context: fastpaca/);
  });

  it('rejects an unknown source', () => {
    const { ctx } = setup;
    expect(() => new FastpacaSession({ context: ctx, source: 'all' as never })).toThrow(/window, log/);
  });
});

describe('FastpacaSession.addItems', () => {
  it('stores every kind of item so that getItems returns it unchanged', async () => {
    const { session } = setup;
    await session.addItems(ALL_ITEM_KINDS);
    expect(await session.getItems()).toEqual(ALL_ITEM_KINDS);
  });

  it('stores items as messages that other readers understand', async () => {
    const { ctx, session } = setup;
    await session.addItems([
      userMessage('Weather?'),
      functionCall('c'),
      functionResult('c'),
      ...ALL_ITEM_KINDS.slice(5, 6),
      userMessage('Thanks'),
    ]);
    const { messages } = await ctx.window();
    const events = messages.map(({ seq, ...event }): WindowEvent => ({ seq, event }));
    const { prompt, repairs } = renderPrompt('ai-sdk', events);
    const call = { toolCallId: 'c', toolName: 'lookup' };
    expect(prompt.messages).toEqual([
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: [{ type: 'tool-call', ...call, input: { city: 'Oslo' } }] },
      {
        role: 'tool',
        content: [{ type: 'tool-result', ...call, output: { type: 'text', value: 'rain' } }],
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Hello' },
          { type: 'text', text: 'no' },
        ],
      },
      { role: 'user', content: 'Thanks' },
    ]);
    expect(repairs).toEqual([]);
  });

  it('appends up to 100 items in one request, and more in turns of 100', async () => {
    const { session } = setup;
    await session.addItems([userMessage('a'), userMessage('b')]);
    expect(appends()).toHaveLength(1);
    const many = Array.from({ length: 150 }, (_, n) => userMessage(`m${n}`));
    await session.addItems(many);
    expect(appends().map(({ body }) => body.events.length)).toEqual([2, 100, 50]);
    expect(await session.getItems()).toEqual([userMessage('a'), userMessage('b'), ...many]);
    await session.addItems([]);
    expect(appends()).toHaveLength(3);
  });

  it('stores the items once when the response is lost', async () => {
    const { proxy, session } = setup;
    proxy.interceptNext({ type: 'drop-response' }, ({ method }) => method === 'POST');
    await session.addItems([userMessage('a'), userMessage('b')]);
    expect(texts(await session.getItems())).toEqual(['a', 'b']);
  });
});

describe('FastpacaSession.getItems', () => {
  it('returns the newest items up to the limit, and no result without its call', async () => {
    const { session } = setup;
    await session.addItems([userMessage('q'), functionCall('c'), functionResult('c'), userMessage('r')]);
    expect(await session.getItems(1)).toEqual([userMessage('r')]);
    expect(await session.getItems(2)).toEqual([userMessage('r')]);
    expect(await session.getItems(3)).toEqual([functionCall('c'), functionResult('c'), userMessage('r')]);
    expect(await session.getItems(0)).toEqual([]);
    expect(await session.getItems(99)).toHaveLength(4);
  });

  it('returns items that fit the budget, or all items with source: log', async () => {
    const { client, session } = setup;
    const ctx = await client.context(setup.ctx.id).budget(30);
    const items = Array.from({ length: 20 }, (_, n) => userMessage(`number ${n}`));
    await session.addItems(items);
    const { usedTokens, messages } = await ctx.window();
    expect(usedTokens).toBeLessThanOrEqual(30);
    expect(await session.getItems()).toEqual(items.slice(-messages.length));
    expect(messages.length).toBeLessThan(20);
    expect(await new FastpacaSession({ context: ctx, source: 'log' }).getItems()).toEqual(items);
  });

  it('returns summaries as system messages', async () => {
    const { ctx, session } = setup;
    await session.addItems([userMessage('a'), userMessage('b'), userMessage('c')]);
    await ctx.compact({
      fromSeq: 1,
      toSeq: 2,
      replacement: [{ role: 'system', content: 'They said a and b.' }],
    });
    expect(await session.getItems()).toEqual([
      { role: 'system', content: 'They said a and b.' },
      userMessage('c'),
    ]);
  });

  it('returns calls and results only in pairs, wherever the window begins', async () => {
    const { client, ctx, session } = setup;
    const parallel = [functionCall('a'), functionCall('b'), functionResult('a'), functionResult('b')];
    await session.addItems([userMessage('q'), ...parallel, userMessage('r')]);
    await client.context(ctx.id).policy({ strategy: 'last_n', config: { limit: 4 } });
    expect(await session.getItems()).toEqual([userMessage('r')]);
    await client.context(ctx.id).policy({ strategy: 'last_n', config: { limit: 5 } });
    expect(await session.getItems()).toEqual([...parallel, userMessage('r')]);
  });

  it.each(['window', 'log'] as const)(
    'answers a call without a result, except at the end of the %s',
    async (source) => {
      const { ctx, session } = setup;
      const noResult = 'No result was recorded for this call';
      const reasoning: AgentInputItem = { type: 'reasoning', content: [], id: 'rs' };
      const items = [userMessage('q'), reasoning, functionCall('a'), userMessage('r'), functionCall('waits')];
      await session.addItems(items);
      expect(await new FastpacaSession({ context: ctx, source }).getItems()).toEqual([
        ...items.slice(0, 3),
        { ...functionResult('a'), output: { type: 'text', text: noResult } },
        ...items.slice(3),
      ]);
    },
  );

  it('never begins with a result, whatever the tool', async () => {
    const { client, ctx, session } = setup;
    const output = [{ stdout: '', stderr: '', outcome: { type: 'exit' as const, exitCode: 0 } }];
    await session.addItems([
      { type: 'shell_call', callId: 's', action: { commands: ['ls'] } },
      { type: 'shell_call_output', callId: 's', output },
      userMessage('q'),
    ]);
    await client.context(ctx.id).policy({ strategy: 'last_n', config: { limit: 2 } });
    expect((await ctx.window()).messages.map(({ role }) => role)).toEqual(['user']);
    expect(await session.getItems()).toEqual([userMessage('q')]);
  });

  const TURNS = [
    userMessage('q'),
    functionCall('a'),
    functionResult('a'),
    assistantMessage('rain'),
    userMessage('r'),
  ];

  it('omits calls and results with the policy skip_parts', async () => {
    const { client, ctx, session } = setup;
    await client.context(ctx.id).policy({ strategy: 'skip_parts', config: {} });
    await session.addItems(TURNS);
    expect(await session.getItems()).toEqual([TURNS[0], TURNS[3], TURNS[4]]);
  });

  it('returns the placeholders of the policy strip_tool_results', async () => {
    const { client, ctx, session } = setup;
    await client.context(ctx.id).policy({ strategy: 'strip_tool_results', config: {} });
    await session.addItems(TURNS);
    const removed = { ...functionResult('a'), output: { type: 'text', text: '[tool result removed]' } };
    expect(await session.getItems()).toEqual(TURNS.with(2, removed as AgentInputItem));
  });

  it('returns items for events that were appended in other ways', async () => {
    const { ctx, session } = setup;
    await ctx.append([
      { role: 'user', content: 'Hi' },
      { role: 'user', parts: [{ type: 'image', image: 'AAAA', mediaType: 'image/png' }] },
      {
        role: 'assistant',
        parts: [
          { type: 'step-start' },
          {
            type: 'tool-lookup',
            toolCallId: 'u1',
            state: 'output-available',
            input: { a: 1 },
            output: { b: 2 },
          },
          { type: 'text', text: 'Done' },
        ],
      },
      { role: 'assistant', parts: [{ type: 'chart', data: [1] }] },
    ]);
    expect(await session.getItems()).toEqual([
      userMessage('Hi'),
      {
        role: 'user',
        content: [{ type: 'input_image', image: 'data:image/png;base64,AAAA', detail: 'auto' }],
      },
      { type: 'function_call', callId: 'u1', name: 'lookup', arguments: '{"a":1}', status: 'completed' },
      {
        type: 'function_call_result',
        callId: 'u1',
        name: 'lookup',
        status: 'completed',
        output: { type: 'text', text: '{"b":2}' },
      },
      { role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'Done' }] },
    ]);
  });
});

describe('FastpacaSession.popItem', () => {
  it('removes the newest item from the window, and keeps it in the log', async () => {
    const { ctx, session } = setup;
    await session.addItems([userMessage('a'), userMessage('b'), userMessage('c')]);
    expect(await session.popItem()).toEqual(userMessage('c'));
    expect(await session.popItem()).toEqual(userMessage('b'));
    expect(await session.getItems()).toEqual([userMessage('a')]);
    expect((await ctx.window()).messages).toHaveLength(1); // nothing takes the place of the items
    expect((await setup.readLog()).map(({ parts }) => parts[0]!.text)).toEqual(['a', 'b', 'c']);
    expect((await setup.readLog()).map(({ withdrawnAtVersion }) => withdrawnAtVersion)).toEqual([
      undefined,
      5,
      4,
    ]);
    await session.addItems([userMessage('d')]);
    expect(await session.popItem()).toEqual(userMessage('d'));
    expect(await session.popItem()).toEqual(userMessage('a'));
    expect(await session.popItem()).toBeUndefined();
    expect(await session.getItems()).toEqual([]);
    expect((await ctx.window()).messages).toEqual([]);
  });

  it('does not return the placeholders of items that an earlier version has removed', async () => {
    const { ctx, session } = setup;
    await session.addItems([userMessage('a'), userMessage('b'), userMessage('c')]);
    const replacement = [{ role: 'system' as const, parts: [{ type: 'withdrawn' }] }];
    await ctx.compact({ fromSeq: 2, toSeq: 2, replacement });
    expect(texts(await session.getItems())).toEqual(['a', 'c']);
    expect(texts([await session.popItem(), await session.popItem()])).toEqual(['c', 'a']);
    expect(await session.popItem()).toBeUndefined();
  });

  it('removes a call that the service has answered', async () => {
    const { ctx, session } = setup;
    await session.addItems([userMessage('a'), functionCall('c'), userMessage('b')]);
    // An earlier version has removed the message.
    const replacement = [{ role: 'system' as const, parts: [{ type: 'withdrawn' }] }];
    await ctx.compact({ fromSeq: 3, toSeq: 3, replacement });
    expect((await ctx.window()).messages.map(({ role }) => role)).toContain('tool');
    expect(await session.popItem()).toEqual(functionCall('c'));
    expect(await session.getItems()).toEqual([userMessage('a')]);
  });

  it('removes one item of a message with several items, and one message of a summary', async () => {
    const { ctx, session } = setup;
    await ctx.append([{ role: 'user', content: 'a' }]);
    await ctx.compact({
      fromSeq: 1,
      toSeq: 1,
      replacement: [
        { role: 'system', content: 'one' },
        {
          role: 'assistant',
          parts: [
            { type: 'text', text: 'two' },
            { type: 'text', text: 'three' },
          ],
        },
      ],
    });
    expect(texts([await session.popItem()])).toEqual(['three']);
    expect(texts(await session.getItems())).toEqual(['one', 'two']);
    expect(texts([await session.popItem()])).toEqual(['two']);
    expect(texts(await session.getItems())).toEqual(['one']);
  });

  it('removes the newest item when another writer appends during the call', async () => {
    const { ctx, proxy, session } = setup;
    await session.addItems([userMessage('a')]);
    const withdrawals = () => proxy.requestsTo('POST', `${ctx.id}/withdraw`).length;
    const before = withdrawals();
    let isFirst = true;
    const racingContext = {
      id: ctx.id,
      window: () => ctx.window(),
      withdraw: async (withdrawal: Withdrawal) => {
        if (isFirst) await ctx.append({ role: 'user', content: 'b' });
        isFirst = false;
        return ctx.withdraw(withdrawal);
      },
    } as unknown as Context;
    expect(await new FastpacaSession({ context: racingContext }).popItem()).toMatchObject({ content: 'b' });
    expect(withdrawals() - before).toBe(2);
    expect(texts(await session.getItems())).toEqual(['a']);
  });
});

describe('FastpacaSession.clearSession', () => {
  it('removes all items from the window, and keeps them in the log', async () => {
    const { session } = setup;
    await session.clearSession();
    await session.addItems([userMessage('a'), userMessage('b')]);
    await session.popItem();
    await session.clearSession();
    expect(await session.getItems()).toEqual([]);
    await session.clearSession();
    await session.addItems([userMessage('c')]);
    expect(await session.getItems()).toEqual([userMessage('c')]);
    expect(await setup.readLog()).toHaveLength(3);
  });

  it('rejects with source: log, as popItem does', async () => {
    const { ctx, session } = setup;
    const logSession = new FastpacaSession({ context: ctx, source: 'log' });
    await session.addItems([userMessage('a')]);
    await expect(logSession.clearSession()).rejects.toThrow(/Nothing can be removed from the log/);
    await expect(logSession.popItem()).rejects.toThrow(TypeError);
    expect(await logSession.getItems()).toEqual([userMessage('a')]);
  });
});
