import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { createClient, toUIMessages, type Context, type Part, type Window } from '../src/index.js';
import { aiVersion } from '../src/model-answer/ai-module.js';
import { modelPrompt } from '../src/model-answer/model-prompt.js';
import { loadAiVersion, textAnswer } from './support/ai-version.js';
import { expectValidPrompt } from './support/ai-prompt.js';

const versions = await Promise.all([loadAiVersion('ai-v5'), loadAiVersion('ai-v6'), loadAiVersion('ai')]);

/** Events in every shape that an event may have. */
const EVENTS: { role: 'user' | 'assistant' | 'tool'; content: string | Part[] }[] = [
  { role: 'user', content: 'What is the weather?' },
  {
    role: 'assistant',
    content: [{ type: 'tool_call', id: 'c1', name: 'lookup', arguments: '{"city":"Rome"}' }],
  },
  { role: 'tool', content: [{ type: 'tool_result', tool_call_id: 'c1', name: 'lookup', content: 'sunny' }] },
  { role: 'assistant', content: 'Sunny.' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'And here?' },
      { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,aGk=' },
    ],
  },
  { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c2', toolName: 'see', input: {} }] },
  {
    role: 'tool',
    content: [
      {
        type: 'tool-result',
        toolCallId: 'c2',
        toolName: 'see',
        output: { type: 'error-text', value: 'too dark' },
      },
    ],
  },
  {
    role: 'assistant',
    content: [
      { type: 'reasoning', tokens: ['hm'] },
      { type: 'tool_call', id: 'c3', name: 'lost' },
    ],
  },
  { role: 'user', content: [{ type: 'location', city: 'Rome' }] },
  { role: 'user', content: [{ type: 'data-place', data: 'Rome' }] },
  { role: 'assistant', content: [{ type: 'data-map', data: [1] }] },
  {
    role: 'assistant',
    content: [
      { type: 'step-start' },
      { type: 'reasoning', text: 'Let me see.', state: 'done' },
      {
        type: 'tool-lookup',
        toolCallId: 'c4',
        state: 'output-available',
        input: { city: 'Oslo' },
        output: { rain: true },
      },
      {
        type: 'dynamic-tool',
        toolName: 'ask',
        toolCallId: 'c5',
        state: 'output-error',
        input: {},
        errorText: 'nobody there',
      },
      { type: 'step-start' },
      { type: 'text', text: 'Rain.', state: 'done' },
    ],
  },
  { role: 'user', content: 'Thanks' },
];

let service: TestService;
let ctx: Context;
let window: Window;

beforeAll(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined); // AI SDK 5 and 6 warn about system messages
  service = await TestService.start();
  ctx = await createClient({ baseUrl: service.url }).context('shapes').budget(100_000);
  await ctx.append({ role: 'user', content: 'Hi' });
  await ctx.append(EVENTS);
  await ctx.compact({ fromSeq: 1, toSeq: 1, replacement: [{ role: 'system', content: 'They said hi.' }] });
  window = await ctx.window();
});
afterAll(async () => {
  jest.restoreAllMocks();
  await service.stop();
});

describe.each(versions)('messages for $name', ({ name, ai, mockModel, promptsOf }) => {
  it('are accepted as the window returns them', async () => {
    const mock = mockModel(textAnswer('x'));
    const { text } = await ai.generateText({
      model: mock,
      messages: window.messages,
      allowSystemInMessages: true,
    });
    expect(text).toBe('generated');
    // Tool messages whose results have a custom shape have no content. AI SDK 5 passes them to the provider.
    const prompt = promptsOf(mock)[0]!.filter(({ role, content }) => role !== 'tool' || content.length > 0);
    expectValidPrompt(prompt);
    expect(prompt[0]).toMatchObject({ role: 'system', content: 'They said hi.' });
    expect(window.messages[0]).toMatchObject({ seq: 1, fromSeq: 1, toSeq: 1 });
  });

  it('are accepted as ctx.stream converts them, with calls and results of all shapes in pairs', async () => {
    const mock = mockModel(textAnswer('x'));
    const { messages } = await modelPrompt(window, 'auto', aiVersion(ai), undefined);
    await ai.generateText({ model: mock, messages });
    const [prompt] = promptsOf(mock);
    expectValidPrompt(prompt!);
    const callIds = prompt!.flatMap(({ content }) =>
      [content]
        .flat()
        .filter(({ type }: Part) => type === 'tool-call')
        .map(({ toolCallId }: Part) => toolCallId),
    );
    expect(callIds).toEqual(['c1', 'c2', 'c3', 'c4', 'c5']);
  });

  it('are accepted as UI messages that the AI SDK converts', async () => {
    const mock = mockModel(textAnswer('x'));
    const uiMessages = toUIMessages(window.messages).filter(({ role }) => role !== 'system');
    await ai.generateText({ model: mock, messages: await ai.convertToModelMessages(uiMessages) });
    expectValidPrompt(promptsOf(mock)[0]!.filter(({ content }) => content.length > 0));
  });

  it('are accepted as the service renders them', async () => {
    const mock = mockModel(textAnswer('x'));
    const { prompt } = await ctx.window({ format: 'ai-sdk' });
    await ai.generateText({ model: mock, ...prompt });
    expectValidPrompt(promptsOf(mock)[0]!);
    expect(promptsOf(mock)[0]![0]).toMatchObject({ role: 'system', content: 'They said hi.' });
  });

  it('are never empty, even for events that contain only calls', async () => {
    const ctxOfCalls = await createClient({ baseUrl: service.url }).context(`calls of ${name}`).budget(1000);
    const call = { type: 'tool_call', id: 'c', name: 'a', arguments: '{}' };
    await ctxOfCalls.append([
      { role: 'user', content: 'Go' },
      { role: 'assistant', parts: [call] },
      { role: 'assistant', parts: [call] },
    ]);
    const openWindow = await ctxOfCalls.window();
    const mock = mockModel(textAnswer('x'));
    await ai.generateText({ model: mock, messages: openWindow.messages });
    const { messages } = await modelPrompt(openWindow, 'auto', aiVersion(ai), undefined);
    await ai.generateText({ model: mock, messages });
    for (const prompt of promptsOf(mock)) expectValidPrompt(prompt);
  });
});
