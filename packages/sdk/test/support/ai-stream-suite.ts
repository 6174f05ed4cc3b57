/* eslint-disable @typescript-eslint/require-await -- what stands for a model or a service is asynchronous as they are */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TestService } from '../../../../test/support/test-service.js';
import { aiMajor, calls, finish, says, text, type AiMajor, type Script } from './ai-major.js';
import { readSse, textIn } from './ai-sse.js';
import { allOf } from './all-of.js';
import { HttpProxy } from './http-proxy.js';

type Sdk = typeof import('../../src/index.js');

const SUMMARY = 'They wanted to know how to deploy.';

/** What `ctx.stream` does with one major of the AI SDK, which the SDK finds as `ai`. */
export async function describeStream(pkg: Parameters<typeof aiMajor>[0]): Promise<void> {
  const major = await aiMajor(pkg);
  jest.unstable_mockModule('ai', () => major.ai);
  const sdk = await import('../../src/index.js');
  describe(`stream with ${major.name}`, () => streamCases(major, sdk));
}

function streamCases(major: AiMajor, { createClient }: Sdk): void {
  const { ai } = major;
  let service: TestService;
  let proxy: HttpProxy;
  let ctx: Awaited<ReturnType<ReturnType<Sdk['createClient']>['context']>>;
  let conversations = 0;

  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    proxy = await HttpProxy.start(service.url);
    ctx = await createClient({ baseUrl: proxy.url, maxRetries: 1 })
      .context(`stream-${(conversations += 1)}`)
      .budget(100_000);
    await ctx.append({ role: 'user', content: 'How do I deploy this?' });
  });
  afterEach(() => proxy.stop());

  /** Calls the model; what it logs of its errors is not for the console of a test. */
  const ask =
    (model: any, options: object = {}) =>
    (messages: any[]) =>
      ai.streamText({ model, messages, maxRetries: 0, onError: () => undefined, ...options });
  const log = () => allOf(ctx.replay());
  const answers = async () => (await log()).filter(({ role }) => role === 'assistant');
  const isAppend = ({ method, path }: { method: string; path: string }) =>
    method === 'POST' && path.endsWith('/events');

  describe('that is not awaited', () => {
    it('is a response of the protocol, and the answer is in the log once before it ends', async () => {
      const model = major.model(says('With ', 'docker', '.'));
      const order: string[] = [];
      const append = ctx.append.bind(ctx) as any;
      ctx.append = (async (...given: unknown[]) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        const result = await append(...given);
        order.push('appended');
        return result;
      }) as any;
      const response = await ctx.stream(ask(model)).toResponse();

      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      expect(response.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1');
      const { chunks, isDone } = await readSse(response);
      order.push('ended');
      expect(order).toEqual(['appended', 'ended']);
      expect(isDone).toBe(true);
      expect(chunks.map(({ type }) => type)).toEqual([
        'start',
        'start-step',
        'text-start',
        ...Array(3).fill('text-delta'),
        'text-end',
        'finish-step',
        'finish',
      ]);
      expect(textIn(chunks)).toBe('With docker.');
      expect(major.prompts(model)).toEqual([
        [
          expect.objectContaining({
            role: 'user',
            content: [{ type: 'text', text: 'How do I deploy this?' }],
          }),
        ],
      ]);

      const stored = await answers();
      expect(stored).toEqual([
        expect.objectContaining({
          seq: 2,
          id: expect.any(String),
          parts: [{ type: 'step-start' }, { type: 'text', text: 'With docker.', state: 'done' }],
        }),
      ]);
      expect(stored[0]!.id).toBe(chunks[0].messageId);
      expect(stored[0]!.id).not.toBe('');
    });

    it('on a builder that is not awaited does the same', async () => {
      const builder = createClient({ baseUrl: proxy.url }).context(ctx.id).budget(100_000);
      const { chunks } = await readSse(await builder.stream(ask(major.model(says('Hi')))).toResponse());
      expect(textIn(chunks)).toBe('Hi');
      expect(await answers()).toHaveLength(1);
    });

    it('takes status and headers', async () => {
      const response = await ctx
        .stream(ask(major.model(says('Hi'))))
        .toResponse({ status: 201, headers: { 'access-control-allow-origin': '*' } });
      expect(response.status).toBe(201);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      await response.text();
    });

    it('fails with what the window fails with, and the model is not called', async () => {
      const model = major.model(says('Hi'));
      const missing = createClient({ baseUrl: proxy.url }).context('nobody');
      await expect(missing.stream(ask(model)).toResponse()).rejects.toMatchObject({ status: 404 });
      expect(major.prompts(model)).toEqual([]);
    });
  });

  describe('that is awaited', () => {
    it('gives result, text, window and where the answer stands', async () => {
      const answer = await ctx.stream(ask(major.model(says('With ', 'docker.'))));
      expect(answer).not.toHaveProperty('then');
      expect((await allOf(answer.textStream)).join('')).toBe('With docker.');
      expect(await answer.result.text).toBe('With docker.');
      expect(answer.window.version).toBe(1);
      expect(await answer.appended).toMatchObject({ seq: 2, version: 2 });
      expect(textIn((await readSse(answer.toResponse())).chunks)).toBe('With docker.');
      expect(() => answer.toResponse()).toThrow(/called before/);
    });

    it('appends though nobody reads', async () => {
      const { appended } = await ctx.stream(ask(major.model(says('Unread'))));
      await appended;
      expect(await answers()).toMatchObject([{ parts: [{ type: 'step-start' }, { text: 'Unread' }] }]);
    });

    it('twice, is the same answer', async () => {
      const model = major.model(says('Once'));
      const stream = ctx.stream(ask(model));
      expect(await stream).toBe(await stream);
      expect((await readSse(await stream.toResponse())).isDone).toBe(true);
      expect(major.prompts(model)).toHaveLength(1);
    });

    it('with autoAppend: false leaves the log alone, and its text can be read', async () => {
      const answer = await ctx.stream(ask(major.model(says('Not ', 'kept'))), { autoAppend: false });
      expect((await allOf(answer.textStream)).join('')).toBe('Not kept');
      expect(await answer.appended).toBeNull();
      expect(await answers()).toEqual([]);
    });
  });

  it('with autoAppend: false responds too, and appends nothing though the client reads it all', async () => {
    const answer = await ctx.stream(ask(major.model(says('Not ', 'kept'))), { autoAppend: false });
    const { chunks, isDone } = await readSse(answer.toResponse());
    expect(textIn(chunks)).toBe('Not kept');
    expect(isDone).toBe(true);
    expect(await answers()).toEqual([]);
  });

  it.each([
    ['sync', (model: any) => ask(model)],
    ['async', (model: any) => async (messages: any[]) => ask(model)(messages)],
  ])('takes a handler that is %s', async (_, handler) => {
    const { chunks } = await readSse(await ctx.stream(handler(major.model(says('Hi')))).toResponse());
    expect(textIn(chunks)).toBe('Hi');
  });

  it.each([
    [
      'sync',
      () => {
        throw new Error('no model');
      },
    ],
    ['async', () => Promise.reject(new Error('no model'))],
  ])('fails with what a handler throws, %s, and appends nothing', async (_, handler) => {
    await expect(ctx.stream(handler).toResponse()).rejects.toThrow('no model');
    await expect(Promise.resolve(ctx.stream(handler))).rejects.toThrow('no model');
    expect(await answers()).toEqual([]);
  });

  describe('of an answer that is not whole', () => {
    const failures: [string, () => Script, string][] = [
      [
        'is refused before its first token',
        () => () => {
          throw new Error('secret');
        },
        '',
      ],
      [
        'has an error in the middle',
        () => () => [...text('Half'), { type: 'error', error: new Error('secret') }, finish('error')],
        'Half',
      ],
      [
        'has an error in the middle and goes on as if nothing was',
        () => () => [...text('Half'), { type: 'error', error: new Error('secret') }, finish()],
        'Half',
      ],
      [
        'breaks in the middle',
        () => () => [...text('Half').slice(0, 2), { type: 'throw', error: new Error('secret') }],
        'Half',
      ],
    ];
    it.each(failures)('that %s, appends nothing, and tells the client', async (_, script, said) => {
      const errors: unknown[] = [];
      const answer = await ctx.stream(ask(major.model(script())), {
        onError: (error) => void errors.push(error),
      });
      const { chunks, isDone } = await readSse(answer.toResponse());
      expect(textIn(chunks)).toBe(said);
      expect(chunks).toContainEqual({ type: 'error', errorText: 'An error occurred.' });
      expect(isDone).toBe(true);
      expect(errors).toContainEqual(expect.objectContaining({ message: 'secret' }));
      expect(await answer.appended).toBeNull();
      expect(await answers()).toEqual([]);
    });

    it('tells the client what onError returns', async () => {
      const model = major.model(() => {
        throw new Error('secret');
      });
      const response = await ctx.stream(ask(model), { onError: () => 'Try again later' }).toResponse();
      expect((await readSse(response)).chunks).toContainEqual({
        type: 'error',
        errorText: 'Try again later',
      });
    });

    it('because the provider broke off without a finish, appends nothing', async () => {
      const answer = await ctx.stream(ask(major.model(() => text('Half').slice(0, 2))));
      const { chunks } = await readSse(answer.toResponse());
      expect(textIn(chunks)).toBe('Half');
      expect(await answer.appended).toBeNull();
      expect(await answers()).toEqual([]);
    });

    it('because nothing was said, appends nothing', async () => {
      const answer = await ctx.stream(ask(major.model(() => [finish()])));
      await readSse(answer.toResponse());
      expect(await answer.appended).toBeNull();
      expect(await answers()).toEqual([]);
    });
  });

  it('appends an answer that ran into its length limit', async () => {
    const model = major.model(() => [...text('As far as it'), finish('length')]);
    await readSse(await ctx.stream(ask(model)).toResponse());
    expect(await answers()).toHaveLength(1);
  });

  describe('that is aborted', () => {
    /** Says something and then waits, as a model does that is aborted. */
    const waits: Script = async function* ({ abortSignal }) {
      yield* text('So far').slice(0, 2);
      await new Promise((_, reject) => {
        const stop = () => reject(abortSignal!.reason as Error);
        if (abortSignal?.aborted) stop();
        else abortSignal?.addEventListener('abort', stop);
      });
    };
    const untilText = async (stream: AsyncIterable<string>) => {
      for await (const _ of stream) return;
    };
    const ways: [string, (own: AbortSignal) => [object, object]][] = [
      ['by the signal of the model', (signal) => [{ abortSignal: signal }, {}]],
      ['by the signal of the stream', (signal) => [{}, { signal }]],
      ['by one signal of both', (signal) => [{ abortSignal: signal }, { signal }]],
    ];
    it.each(ways)('%s, appends nothing', async (_, options) => {
      const controller = new AbortController();
      const [forModel, forStream] = options(controller.signal);
      const answer = await ctx.stream(ask(major.model(waits), forModel), forStream);
      await untilText(answer.textStream);
      controller.abort();
      const { chunks, isDone } = await readSse(answer.toResponse());
      expect(chunks.filter(({ type }) => type === 'abort')).toHaveLength(1);
      expect(isDone).toBe(true);
      expect(await answer.appended).toBeNull();
      expect(await answers()).toEqual([]);
    });

    it.each(ways)('%s, with onAbort: save appends its text, marked', async (_, options) => {
      const controller = new AbortController();
      const [forModel, forStream] = options(controller.signal);
      const answer = await ctx.stream(ask(major.model(waits), forModel), { onAbort: 'save', ...forStream });
      await untilText(answer.textStream);
      controller.abort();
      expect(await answer.appended).toMatchObject({ seq: 2 });
      expect(await answers()).toMatchObject([
        { parts: [{ type: 'text', text: 'So far' }], metadata: { aborted: true } },
      ]);
    });

    it('before it begins, does not call the model', async () => {
      const model = major.model(waits);
      const stream = ctx.stream(ask(model), { signal: AbortSignal.abort(new Error('gone')) });
      await expect(stream.toResponse()).rejects.toThrow('gone');
      expect(major.prompts(model)).toEqual([]);
    });
  });

  describe('whose client leaves', () => {
    it('after two chunks, appends the full text', async () => {
      let goOn!: () => void;
      const clientHasLeft = new Promise<void>((resolve) => (goOn = resolve));
      const slow: Script = async function* () {
        yield* text('One ').slice(0, 2);
        await clientHasLeft;
        yield* text('two ', 'three').slice(1);
        yield finish();
      };
      const answer = await ctx.stream(ask(major.model(slow)));
      const reader = answer.toResponse().body!.getReader();
      await reader.read();
      await reader.read();
      await reader.cancel();
      goOn();
      expect(await answer.appended).toMatchObject({ seq: 2 });
      expect(await answers()).toMatchObject([{ parts: [{ type: 'step-start' }, { text: 'One two three' }] }]);
    });

    it('at once, appends the full text', async () => {
      const answer = await ctx.stream(ask(major.model(says('All ', 'of it'))));
      await answer.toResponse().body!.cancel();
      await answer.appended;
      expect(await answers()).toMatchObject([{ parts: [{ type: 'step-start' }, { text: 'All of it' }] }]);
    });
  });

  describe('whose append fails', () => {
    it('leaves the client its stream, and says so', async () => {
      const errors: unknown[] = [];
      for (let tries = 0; tries < 2; tries += 1) proxy.next({ type: 'drop' }, isAppend);
      const answer = await ctx.stream(ask(major.model(says('Lost'))), {
        onAppendError: (error) => void errors.push(error),
      });
      const { chunks, isDone } = await readSse(answer.toResponse());
      expect(textIn(chunks)).toBe('Lost');
      expect(chunks.at(-1).type).toBe('finish');
      expect(isDone).toBe(true);
      await expect(answer.appended).rejects.toMatchObject({ name: 'ConnectionError' });
      expect(errors).toEqual([expect.objectContaining({ name: 'ConnectionError' })]);
      expect(await answers()).toEqual([]);
    });

    it('without anyone who listens, writes it to the console without the text', async () => {
      const written = jest.spyOn(console, 'error').mockImplementation(() => undefined);
      for (let tries = 0; tries < 2; tries += 1) proxy.next({ type: 'drop' }, isAppend);
      const { isDone } = await readSse(await ctx.stream(ask(major.model(says('Secret')))).toResponse());
      const lines = written.mock.calls.map((args) => args.map(String).join(' '));
      written.mockRestore();
      expect(isDone).toBe(true);
      expect(lines).toEqual([expect.stringContaining(ctx.id)]);
      expect(lines.join()).not.toContain('Secret');
    });

    it('for a moment, appends it once', async () => {
      proxy.next({ type: 'lose-answer' }, isAppend);
      await readSse(await ctx.stream(ask(major.model(says('Once')))).toResponse());
      const sent = proxy.of('POST', '/events').slice(1);
      expect(sent).toHaveLength(2);
      expect(sent[0]!.body.idempotency_key).toBe(sent[1]!.body.idempotency_key);
      expect(await answers()).toHaveLength(1);
    });

    it('because its key has an answer already, keeps the first', async () => {
      const options = { idempotencyKey: 'turn-1', onAppendError: () => undefined };
      await (
        await ctx.stream(ask(major.model(says('First'))), options)
      ).appended;
      const second = await ctx.stream(ask(major.model(says('Second'))), options);
      await expect(second.appended).rejects.toMatchObject({ reason: 'idempotency_conflict' });
      expect(await answers()).toMatchObject([{ parts: [{}, { text: 'First' }] }]);
    });
  });

  describe('with tools', () => {
    const tools = {
      lookup: ai.tool({
        description: 'Looks up the weather.',
        inputSchema: ai.jsonSchema({ type: 'object', properties: { city: { type: 'string' } } }),
        execute: async ({ city }: { city: string }) => ({ weather: `sunny in ${city}` }),
      }),
    };
    const asks = (model: any) => ask(model, { tools, stopWhen: ai.stepCountIs(5) });

    it('of two steps is one event, and the next turn has call and result', async () => {
      const model = major.model(calls('lookup', { city: 'Rome' }), says('It is sunny.'));
      await readSse(await ctx.stream(asks(model)).toResponse());
      const [stored, ...others] = await answers();
      expect(others).toEqual([]);
      expect(stored!.parts.map(({ type }) => type)).toEqual([
        'step-start',
        'tool-lookup',
        'step-start',
        'text',
      ]);
      expect(stored!.parts[1]).toMatchObject({
        toolCallId: 'call-1',
        state: 'output-available',
        input: { city: 'Rome' },
        output: { weather: 'sunny in Rome' },
      });

      await ctx.append({ role: 'user', content: 'And tomorrow?' });
      const next = major.model(says('Rain.'));
      await readSse(await ctx.stream(asks(next)).toResponse());
      const prompt = major.prompts(next)[0]!;
      expect(prompt.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
      expect(prompt[1].content).toMatchObject([
        { type: 'tool-call', toolCallId: 'call-1', toolName: 'lookup', input: { city: 'Rome' } },
      ]);
      expect(prompt[2].content).toMatchObject([
        {
          type: 'tool-result',
          toolCallId: 'call-1',
          output: { type: 'json', value: { weather: 'sunny in Rome' } },
        },
      ]);
      expect(prompt[3].content).toMatchObject([{ type: 'text', text: 'It is sunny.' }]);
    });

    it('that fail are in the log as failed, and the next turn has the failure as their result', async () => {
      const execute = () => Promise.reject(new Error('no such city'));
      const failing = { lookup: { ...tools.lookup, execute } };
      const model = major.model(calls('lookup', { city: 'X' }), says('Sorry.'));
      const options = { tools: failing, stopWhen: ai.stepCountIs(5) };
      await readSse(await ctx.stream(ask(model, options)).toResponse());
      const errorText = major.name === 'AI SDK 7' ? 'Error: no such city' : 'An error occurred.';
      expect((await answers())[0]!.parts[1]).toMatchObject({ state: 'output-error', errorText });

      const next = major.model(says('Yes?'));
      await readSse(await ctx.stream(ask(next, options)).toResponse());
      const prompt = major.prompts(next)[0]!;
      expect(prompt.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant']);
      expect(prompt[2].content).toMatchObject([{ output: { type: 'error-text', value: errorText } }]);
    });

    it('that is called for the client to run is appended, and left out while its result is missing', async () => {
      const browser = { ask: ai.tool({ inputSchema: ai.jsonSchema({ type: 'object' }) }) };
      const model = major.model(calls('ask', {}));
      await readSse(await ctx.stream(ask(model, { tools: browser })).toResponse());
      expect(await answers()).toMatchObject([
        { parts: [{}, { type: 'tool-ask', state: 'input-available' }] },
      ]);

      await ctx.append({ role: 'user', content: 'Never mind' });
      const without = major.model(says('Fine.'));
      await readSse(await ctx.stream(ask(without, { tools: browser })).toResponse());
      expect(major.prompts(without)[0]!.map(({ role }) => role)).toEqual(['user', 'user']);
    });

    it('that is answered by a later event has that as its result', async () => {
      const browser = { ask: ai.tool({ inputSchema: ai.jsonSchema({ type: 'object' }) }) };
      await readSse(await ctx.stream(ask(major.model(calls('ask', {})), { tools: browser })).toResponse());
      await ctx.append({
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'call-1',
            toolName: 'ask',
            output: { type: 'text', value: 'yes' },
          },
        ],
      });
      const model = major.model(says('Fine.'));
      await readSse(await ctx.stream(ask(model, { tools: browser })).toResponse());
      const prompt = major.prompts(model)[0]!;
      expect(prompt.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
      expect(prompt[2].content).toMatchObject([
        { toolCallId: 'call-1', output: { type: 'text', value: 'yes' } },
      ]);
    });

    it('stops half-way through a call, is not appended', async () => {
      const half: Script = () => [
        ...text('Let me see.'),
        { type: 'tool-input-start', id: 'call-1', toolName: 'lookup' },
        { type: 'tool-input-delta', id: 'call-1', delta: '{"ci' },
      ];
      await readSse(await ctx.stream(asks(major.model(half))).toResponse());
      expect(await answers()).toEqual([]);
    });
  });

  describe('of a window with a summary', () => {
    beforeEach(async () => {
      await ctx.append([
        { role: 'assistant', content: 'With docker.' },
        { role: 'user', content: 'Thanks' },
      ]);
      await ctx.compact({ fromSeq: 1, toSeq: 2, replacement: [{ role: 'system', content: SUMMARY }] });
    });
    const rolesOf = (prompt: any[]) => prompt.map(({ role }) => role);

    it('runs as it is, the summary being a system message where the AI SDK takes one', async () => {
      // 5 and 6 warn of system messages among the others.
      const warned = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
      const model = major.model(says('Hi'));
      const { chunks } = await readSse(
        await ctx.stream((messages) => ai.streamText({ model, messages })).toResponse(),
      );
      warned.mockRestore();
      expect(textIn(chunks)).toBe('Hi');
      const [prompt] = major.prompts(model);
      expect(rolesOf(prompt!)[0]).toBe(major.name === 'AI SDK 7' ? 'user' : 'system');
      expect(JSON.stringify(prompt![0].content)).toContain(SUMMARY);
    });

    it('keeps it a system message for a model call that allows that', async () => {
      const model = major.model(says('Hi'));
      const stream = ctx.stream(ask(model, { allowSystemInMessages: true }), { systemMessages: 'keep' });
      await readSse(await stream.toResponse());
      expect(major.prompts(model)[0]![0]).toMatchObject({ role: 'system', content: SUMMARY });
    });

    it('hoists it', async () => {
      const model = major.model(says('Hi'));
      const systems: unknown[] = [];
      const stream = ctx.stream(
        (messages, { system }) => {
          systems.push(system);
          return ai.streamText({ model, messages, system });
        },
        { systemMessages: 'hoist' },
      );
      await readSse(await stream.toResponse());
      expect(systems).toEqual([SUMMARY]);
      expect(rolesOf(major.prompts(model)[0]!)).toEqual(['system', 'user']);
    });

    it('makes it a message of the user', async () => {
      const model = major.model(says('Hi'));
      await readSse(await ctx.stream(ask(model), { systemMessages: 'user' }).toResponse());
      expect(rolesOf(major.prompts(model)[0]!)[0]).toBe('user');
    });
  });

  it('passes options of the UI message stream on, and stores the metadata they make', async () => {
    const uiMessageStream = {
      messageMetadata: ({ part }: any) => (part.type === 'finish' ? { model: 'mock' } : undefined),
    };
    const { chunks } = await readSse(
      await ctx
        .stream(ask(major.model(says('Hi'))), { uiMessageStream, generateMessageId: () => 'mine' })
        .toResponse(),
    );
    expect(chunks[0].messageId).toBe('mine');
    expect(await answers()).toMatchObject([{ id: 'mine', metadata: { model: 'mock' } }]);
  });
}
