import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { createClient, type Context, type Part, type Window } from '../src/index.js';
import { toModelMessages } from '../src/messages/model-messages.js';
import { placeSystemMessages } from '../src/model-answer/system-messages.js';
import { toUiMessages } from '../src/messages/ui-messages.js';
import { aiMajor, says } from './support/ai-major.js';
import { expectValidPrompt } from './support/ai-prompt.js';

const majors = await Promise.all([aiMajor('ai-v5'), aiMajor('ai-v6'), aiMajor('ai')]);

/** A turn of every shape that an event may have. */
const TURNS: { role: 'user' | 'assistant' | 'tool'; content: string | Part[] }[] = [
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
  jest.spyOn(console, 'warn').mockImplementation(() => undefined); // 5 and 6 warn of system messages
  service = await TestService.start();
  ctx = await createClient({ baseUrl: service.url }).context('shapes').budget(100_000);
  await ctx.append({ role: 'user', content: 'Hi' });
  await ctx.append(TURNS);
  await ctx.compact({ fromSeq: 1, toSeq: 1, replacement: [{ role: 'system', content: 'They said hi.' }] });
  window = await ctx.window();
});
afterAll(async () => {
  jest.restoreAllMocks();
  await service.stop();
});

describe.each(majors)('$name', ({ name, ai, model, prompts }) => {
  it('takes the messages of a window as they are', async () => {
    const mock = model(says('x'));
    const { text } = await ai.generateText({
      model: mock,
      messages: window.messages,
      allowSystemInMessages: true,
    });
    expect(text).toBe('generated');
    // A message of results in a shape of its own has no content here; 5 hands it on, its providers make nothing of it.
    const prompt = prompts(mock)[0]!.filter(({ role, content }) => role !== 'tool' || content.length > 0);
    expectValidPrompt(prompt);
    expect(prompt[0]).toMatchObject({ role: 'system', content: 'They said hi.' });
    expect(window.messages[0]).toMatchObject({ seq: 1, fromSeq: 1, toSeq: 1 });
  });

  it('takes the messages of a stream, calls and results of all shapes in pairs', async () => {
    const mock = model(says('x'));
    const { messages } = placeSystemMessages(
      await toModelMessages(toUiMessages(window.messages), ai),
      'auto',
      ai,
    );
    await ai.generateText({ model: mock, messages });
    const [prompt] = prompts(mock);
    expectValidPrompt(prompt!);
    const called = prompt!.flatMap(({ content }) =>
      [content]
        .flat()
        .filter(({ type }: Part) => type === 'tool-call')
        .map(({ toolCallId }: Part) => toolCallId),
    );
    expect(called).toEqual(['c1', 'c2', 'c4', 'c5']);
  });

  it('converts as the SDK does where there is no AI SDK', async () => {
    const uiMessages = toUiMessages(window.messages);
    const own = await toModelMessages(uiMessages, undefined);
    const its = await toModelMessages(uiMessages, ai);
    expect(own.map(inOneSpelling)).toEqual(its.map(inOneSpelling));
  });

  it('never sees a message without content where events are nothing but calls', async () => {
    const only = await createClient({ baseUrl: service.url }).context(`calls of ${name}`).budget(1000);
    const call = { type: 'tool_call', id: 'c', name: 'a', arguments: '{}' };
    await only.append([
      { role: 'user', content: 'Go' },
      { role: 'assistant', parts: [call] },
      { role: 'assistant', parts: [call] },
    ]);
    const { messages } = await only.window();
    const mock = model(says('x'));
    await ai.generateText({ model: mock, messages });
    await ai.generateText({ model: mock, messages: await toModelMessages(toUiMessages(messages), ai) });
    const [asTheyAre, streamed] = prompts(mock);
    expectValidPrompt(asTheyAre!);
    expect(streamed!.map(({ role }) => role)).toEqual(['user']);
  });
});

/** A text may be a string or the only part; 7 says of a file that it is a URL; what is undefined is not there. */
function inOneSpelling({ role, content }: { role: string; content: unknown }): unknown {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : (content as Part[]);
  return JSON.parse(
    JSON.stringify({
      role,
      content: parts.map((part) =>
        part.type === 'file' ? { ...part, data: (part.data as { url?: string }).url ?? part.data } : part,
      ),
    }),
  );
}
