import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent, run, setTracingDisabled, tool, type AgentInputItem } from '@openai/agents';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing';
import { z } from 'zod';
import { TestService } from '../../../test/support/test-service.js';
import { createClient, NotFoundError, type Context, type RangeCompaction } from '../src/index.js';
import { FastpacaSession } from '../src/openai-agents.js';
import { allOf } from './support/all-of.js';
import { HttpProxy } from './support/http-proxy.js';

let service: TestService;
let proxy: HttpProxy;
let client: ReturnType<typeof createClient>;
let ctx: Context;
let session: FastpacaSession;
let conversations = 0;
beforeAll(async () => {
  setTracingDisabled(true);
  service = await TestService.start();
  proxy = await HttpProxy.start(service.url);
  client = createClient({ baseUrl: proxy.url });
});
afterAll(async () => {
  await proxy.stop();
  await service.stop();
});
beforeEach(async () => {
  ctx = await client.context(`agents-${(conversations += 1)}`).budget(100_000);
  session = new FastpacaSession({ context: ctx });
});

const user = (content: string): AgentInputItem => ({ role: 'user', content });
const call = (callId: string): AgentInputItem => ({
  type: 'function_call',
  callId,
  name: 'lookup',
  arguments: '{"city":"Oslo"}',
  status: 'completed',
});
const result = (callId: string): AgentInputItem => ({
  type: 'function_call_result',
  callId,
  name: 'lookup',
  status: 'completed',
  output: { type: 'text', text: 'rain' },
});
const answer = (text: string): AgentInputItem => ({
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text }],
});
const appends = () => proxy.of('POST', `${ctx.id}/events`);
const log = () => allOf(ctx.replay());
const texts = (items: readonly any[]) =>
  items.map(({ content }) => (typeof content === 'string' ? content : content?.[0]?.text));

/** One of each kind, with the fields and the spellings that are easily lost. */
const ITEMS: AgentInputItem[] = [
  { role: 'user', content: 'plain' },
  { type: 'message', role: 'user', content: '', providerData: { a: null } },
  {
    role: 'user',
    id: 'u-1',
    content: [
      { type: 'input_text', text: 'look', providerData: { b: 1 } },
      { type: 'input_image', image: 'data:image/png;base64,AAAA', detail: 'low' },
      { type: 'input_file', file: { url: 'https://example.com/a.pdf' }, filename: 'a.pdf' },
    ],
  },
  { role: 'user', content: [] },
  { type: 'message', role: 'system', content: 'Be kind.' },
  {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    phase: 'final_answer',
    content: [
      { type: 'output_text', text: 'Hello', providerData: { annotations: [] } },
      { type: 'refusal', refusal: 'no' },
    ],
  },
  { type: 'reasoning', id: 'rs_0', content: [], providerData: { encrypted_content: 'x' } },
  {
    type: 'reasoning',
    content: [
      { type: 'input_text', text: 'one' },
      { type: 'input_text', text: 'two' },
    ],
    rawContent: [{ type: 'reasoning_text', text: 'raw' }],
  },
  { type: 'function_call', callId: 'c-1', name: 'f', arguments: '{"b":1,"a":[1.50]}', id: 'fc_1' },
  { type: 'function_call_result', callId: 'c-1', name: 'f', status: 'completed', output: 'a text' },
  { type: 'function_call', callId: 'c-2', name: 'f', arguments: ' not json', status: 'completed' },
  {
    type: 'function_call_result',
    callId: 'c-2',
    name: 'f',
    status: 'completed',
    output: [{ type: 'input_text', text: 'list' }],
  },
  { type: 'function_call', callId: 'c-3', name: 'f', arguments: '', namespace: 'n' },
  {
    type: 'function_call_result',
    callId: 'c-3',
    name: 'f',
    status: 'completed',
    output: { type: 'text', text: 'x', providerData: {} },
  },
  { type: 'hosted_tool_call', name: 'web_search', status: 'completed', output: 'found' },
  { type: 'computer_call', callId: 'c-4', status: 'completed', action: { type: 'screenshot' } },
  { type: 'computer_call_result', callId: 'c-4', output: { type: 'computer_screenshot', data: 'AAAA' } },
  { type: 'tool_search_call', id: 'ts_1', arguments: { query: 'f' } },
  { type: 'tool_search_output', id: 'ts_2', tools: [] },
  { type: 'compaction', encrypted_content: 'zzz' },
  { type: 'unknown', providerData: { type: 'new', x: 1 } },
];

describe('a session', () => {
  it('has the id of its conversation', async () => {
    expect(await session.getSessionId()).toBe(ctx.id);
  });

  it('makes the conversation if its context is given a budget', async () => {
    const own = new FastpacaSession({ context: client.context('new').budget(500) });
    expect(await own.getSessionId()).toBe('new');
    await own.addItems([user('hi')]);
    expect(await own.getItems()).toEqual([user('hi')]);
    expect(await client.context('new').get()).toMatchObject({ tokenBudget: 500, lastSeq: 1 });
    const missing = new FastpacaSession({ context: client.context('never-made') });
    await expect(missing.getItems()).rejects.toThrow(NotFoundError);
  });

  it.each([{}, { context: 'chat-42' }])('is not made of %j', (given) => {
    expect(() => new FastpacaSession(given as never)).toThrow(/needs a context: { context: fastpaca/);
  });

  it('refuses a source that there is not', () => {
    expect(() => new FastpacaSession({ context: ctx, source: 'all' as never })).toThrow(/window, log/);
  });

  it('gives every kind of item back as it was', async () => {
    await session.addItems(ITEMS);
    expect(await session.getItems()).toEqual(ITEMS);
  });

  it('stores them so that other readers understand them', async () => {
    await session.addItems([user('Weather?'), call('c'), result('c'), ...ITEMS.slice(5, 6)]);
    expect((await ctx.window()).messages.map(({ role, content }) => [role, content])).toEqual([
      ['user', 'Weather?'],
      ['assistant', [{ type: 'tool-call', toolCallId: 'c', toolName: 'lookup', input: { city: 'Oslo' } }]],
      [
        'tool',
        [
          {
            type: 'tool-result',
            toolCallId: 'c',
            toolName: 'lookup',
            output: { type: 'text', value: 'rain' },
          },
        ],
      ],
      ['assistant', 'Hello'],
    ]);
  });

  it('adds a turn in one request, and a long one in turns of 100', async () => {
    await session.addItems([user('a'), user('b')]);
    expect(appends()).toHaveLength(1);
    const many = Array.from({ length: 150 }, (_, n) => user(`m${n}`));
    await session.addItems(many);
    expect(appends().map(({ body }) => body.events.length)).toEqual([2, 100, 50]);
    expect(await session.getItems()).toEqual([user('a'), user('b'), ...many]);
    await session.addItems([]);
    expect(appends()).toHaveLength(3);
  });

  it('stores a turn once when the answer to it is lost', async () => {
    proxy.next({ type: 'lose-answer' }, ({ method }) => method === 'POST');
    await session.addItems([user('a'), user('b')]);
    expect(texts(await session.getItems())).toEqual(['a', 'b']);
  });

  it('gives the newest items up to a limit, never a result without its call', async () => {
    await session.addItems([user('q'), call('c'), result('c'), user('r')]);
    expect(await session.getItems(1)).toEqual([user('r')]);
    expect(await session.getItems(2)).toEqual([user('r')]);
    expect(await session.getItems(3)).toEqual([call('c'), result('c'), user('r')]);
    expect(await session.getItems(0)).toEqual([]);
    expect(await session.getItems(99)).toHaveLength(4);
  });
});

describe('what a session gives an agent', () => {
  it('fits the budget; the log has everything', async () => {
    ctx = await client.context(ctx.id).budget(30);
    const items = Array.from({ length: 20 }, (_, n) => user(`number ${n}`));
    await session.addItems(items);
    const { usedTokens, messages } = await ctx.window();
    expect(usedTokens).toBeLessThanOrEqual(30);
    expect(await session.getItems()).toEqual(items.slice(-messages.length));
    expect(messages.length).toBeLessThan(20);
    expect(await new FastpacaSession({ context: ctx, source: 'log' }).getItems()).toEqual(items);
  });

  it('has summaries as system messages', async () => {
    await session.addItems([user('a'), user('b'), user('c')]);
    await ctx.compact({
      fromSeq: 1,
      toSeq: 2,
      replacement: [{ role: 'system', content: 'They said a and b.' }],
    });
    expect(await session.getItems()).toEqual([{ role: 'system', content: 'They said a and b.' }, user('c')]);
  });

  it('has no result without its call and no call without its result, wherever the window begins', async () => {
    await session.addItems([user('q'), call('a'), call('b'), result('a'), result('b'), user('r')]);
    await client.context(ctx.id).policy({ strategy: 'last_n', config: { limit: 4 } });
    expect(await session.getItems()).toEqual([call('b'), result('b'), user('r')]);
  });

  it('has no call whose result a policy has left out, nor the reasoning that led to it', async () => {
    const reasoning: AgentInputItem = { type: 'reasoning', content: [], id: 'rs' };
    await session.addItems([user('q'), reasoning, call('a'), user('r'), call('waits')]);
    expect(await session.getItems()).toEqual([user('q'), user('r'), call('waits')]);
  });

  it('has calls and results in pairs where an id is used again', async () => {
    await session.addItems([call('a'), result('a'), user('q'), call('a'), user('r'), result('b')]);
    expect(await session.getItems()).toEqual([call('a'), result('a'), user('q'), user('r')]);
  });

  it('never begins with a result, of whatever tool', async () => {
    const output = [{ stdout: '', stderr: '', outcome: { type: 'exit' as const, exitCode: 0 } }];
    await session.addItems([
      { type: 'shell_call', callId: 's', action: { commands: ['ls'] } },
      { type: 'shell_call_output', callId: 's', output },
      user('q'),
    ]);
    await client.context(ctx.id).policy({ strategy: 'last_n', config: { limit: 2 } });
    expect((await ctx.window()).messages.map(({ role }) => role)).toEqual(['user']);
    expect(await session.getItems()).toEqual([user('q')]);
  });

  it.each(['strip_tool_results', 'skip_parts'])('has neither calls nor results with %s', async (strategy) => {
    await client.context(ctx.id).policy({ strategy, config: {} });
    await session.addItems([user('q'), call('a'), result('a'), answer('rain'), user('r')]);
    expect(await session.getItems()).toEqual([user('q'), answer('rain'), user('r')]);
  });

  it('has what was appended in other ways', async () => {
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
      user('Hi'),
      { role: 'user', content: [{ type: 'input_image', image: 'data:image/png;base64,AAAA' }] },
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

describe('popItem', () => {
  it('takes out the newest item for the model, and the log keeps it', async () => {
    await session.addItems([user('a'), user('b'), user('c')]);
    expect(await session.popItem()).toEqual(user('c'));
    expect(await session.popItem()).toEqual(user('b'));
    expect(await session.getItems()).toEqual([user('a')]);
    expect((await ctx.window()).segments).toEqual([
      { type: 'live', fromSeq: 1, toSeq: 1 },
      { type: 'summary', fromSeq: 2, toSeq: 3 },
    ]);
    expect((await log()).map(({ parts }) => parts[0]!.text)).toEqual(['a', 'b', 'c']);
    await session.addItems([user('d')]);
    expect(await session.popItem()).toEqual(user('d'));
    expect((await ctx.window()).segments[1]).toEqual({ type: 'summary', fromSeq: 2, toSeq: 4 });
    expect(await session.popItem()).toEqual(user('a'));
    expect(await session.popItem()).toBeUndefined();
    expect(await session.getItems()).toEqual([]);
    expect((await ctx.window()).segments).toEqual([{ type: 'summary', fromSeq: 1, toSeq: 4 }]);
  });

  it('takes one item of a message that is several, and one message of a summary', async () => {
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

  it('takes out what is the newest when others append meanwhile', async () => {
    await session.addItems([user('a')]);
    const compactions = proxy.of('POST', `${ctx.id}/compact`).length;
    let isFirst = true;
    const racing = {
      id: ctx.id,
      window: () => ctx.window(),
      compact: async (compaction: RangeCompaction) => {
        if (isFirst) await ctx.append({ role: 'user', content: 'b' });
        isFirst = false;
        return ctx.compact(compaction);
      },
    } as unknown as Context;
    expect(await new FastpacaSession({ context: racing }).popItem()).toMatchObject({ content: 'b' });
    expect(proxy.of('POST', `${ctx.id}/compact`).length - compactions).toBe(2);
    expect(texts(await session.getItems())).toEqual(['a']);
  });
});

describe('clearSession', () => {
  it('takes out everything for the model, and the log keeps it', async () => {
    await session.clearSession();
    await session.addItems([user('a'), user('b')]);
    await session.popItem();
    await session.clearSession();
    expect(await session.getItems()).toEqual([]);
    await session.clearSession();
    await session.addItems([user('c')]);
    expect(await session.getItems()).toEqual([user('c')]);
    expect(await log()).toHaveLength(3);
  });

  it('cannot be asked of the log', async () => {
    const whole = new FastpacaSession({ context: ctx, source: 'log' });
    await session.addItems([user('a')]);
    await expect(whole.clearSession()).rejects.toThrow(/Nothing can be removed from the log/);
    await expect(whole.popItem()).rejects.toThrow(TypeError);
    expect(await whole.getItems()).toEqual([user('a')]);
  });
});

describe('an agent', () => {
  const lookup = tool({
    name: 'lookup',
    description: 'The weather of a city',
    parameters: z.object({ city: z.string() }),
    execute: ({ city }) => `rain in ${city}`,
  });
  const TURN = [
    [functionCall('lookup', { city: 'Oslo' }, { callId: 'call_1' })],
    [assistantMessage('It rains in Oslo.')],
  ];
  const kinds = (input: unknown) => (input as any[]).map(({ type, role }) => role ?? type);
  const ALL = ['user', 'function_call', 'function_call_result', 'assistant', 'user'];

  it('remembers what was said and done in an earlier run', async () => {
    const model = new ScriptedModel([...TURN, [assistantMessage('You asked about Oslo.')]]);
    const agent = new Agent({ name: 'Weather', model, tools: [lookup] });
    expect((await run(agent, 'Weather in Oslo?', { session })).finalOutput).toBe('It rains in Oslo.');
    expect((await run(agent, 'What did I ask?', { session })).finalOutput).toBe('You asked about Oslo.');

    const input = model.lastCall!.request.input as any[];
    expect(kinds(input)).toEqual(ALL);
    expect(input[2]).toMatchObject({ callId: 'call_1', output: { text: 'rain in Oslo' } });
    expect((await log()).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'user',
      'assistant',
    ]);
  });

  it('remembers it when it streams', async () => {
    const model = new ScriptedModel([...TURN, [assistantMessage('Oslo.')]]);
    const agent = new Agent({ name: 'Weather', model, tools: [lookup] });
    for (const question of ['Weather in Oslo?', 'What did I ask?']) {
      await (
        await run(agent, question, { session, stream: true })
      ).completed;
    }
    expect(kinds(model.lastCall!.request.input)).toEqual(ALL);
    expect(kinds(await session.getItems())).toEqual([...ALL, 'assistant']);
  });

  it('is given the window and not the log', async () => {
    const model = new ScriptedModel([...TURN, [assistantMessage('I forgot.')]]);
    const agent = new Agent({ name: 'Weather', model, tools: [lookup] });
    await run(agent, 'Weather in Oslo?', { session });
    await client.context(ctx.id).policy({ strategy: 'last_n', config: { limit: 2 } });
    await run(agent, 'What did I ask?', { session });
    expect(kinds(model.lastCall!.request.input)).toEqual(['assistant', 'user']);
    expect(await log()).toHaveLength(6);
  });

  it('goes on from the compaction that its model has made', async () => {
    const compaction = { type: 'compaction' as const, encrypted_content: 'zzz' };
    const model = new ScriptedModel([
      [assistantMessage('Hello.')],
      [compaction, assistantMessage('Shorter.')],
      [assistantMessage('Yes.')],
    ]);
    const agent = new Agent({ name: 'Weather', model });
    for (const text of ['Hi', 'Go on', 'Still there?']) await run(agent, text, { session });
    expect(kinds(model.lastCall!.request.input)).toEqual(['compaction', 'assistant', 'user']);
    expect(kinds(await session.getItems())).toEqual(['compaction', 'assistant', 'user', 'assistant']);
  });
});
