import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { createClient, type Client, type EventInput, type Part } from '../src/index.js';
import { toModelMessages } from '../src/messages/model-messages.js';
import { placeSystemMessages } from '../src/model-answer/system-messages.js';
import { toUiMessages } from '../src/messages/ui-messages.js';
import { aiMajor, says } from './support/ai-major.js';
import { expectValidPrompt } from './support/ai-prompt.js';

interface Message {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string | null;
  tool_calls?: { id: string; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
  name?: string;
}

const BUDGETS = [2_000, 8_000, 128_000];
const POLICIES = [
  { strategy: 'budget' },
  { strategy: 'last_n', config: { limit: 9 } },
  { strategy: 'strip_tool_results' },
];
const SAMPLE = new URL('../../../test/fixtures/airline-conversations.jsonl', import.meta.url);
const conversations = readConversations(process.env.AIRLINE_DATA ?? SAMPLE);
const majors = await Promise.all([aiMajor('ai-v5'), aiMajor('ai-v6'), aiMajor('ai')]);

let service: TestService;
let client: Client;
beforeAll(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined); // 5 and 6 warn of system messages
  service = await TestService.start();
  client = createClient({ baseUrl: service.url });
});
afterAll(async () => {
  jest.restoreAllMocks();
  await service.stop();
});

const SHAPES: [string, (messages: Message[]) => EventInput[]][] = [
  ['model messages', (messages) => messages.map(toModelMessage)],
  ['UI messages', toUiMessageEvents],
  ['events of the chat format', (messages) => messages.map(toChatEvent)],
];

describe.each(SHAPES)('conversations of an airline agent, appended as %s', (shape, toEvents) => {
  it.each(conversations)('have windows that every AI SDK takes ($id)', async ({ id, index, messages }) => {
    const events = toEvents(messages);
    const ctx = await client.context(`${shape} ${index} ${id}`).budget(128_000);
    for (let at = 0; at < events.length; at += 100) await ctx.append(events.slice(at, at + 100));
    let said = 0;
    for (const policy of POLICIES) {
      await client.context(ctx.id).policy(policy);
      for (const budgetTokens of BUDGETS) {
        const window = await ctx.window({ budgetTokens });
        for (const { ai, model, prompts } of majors) {
          const asTheyAre = window.messages;
          const streamed = await toModelMessages(toUiMessages(window.messages), ai);
          const { messages: placed } = placeSystemMessages(streamed, 'auto', ai);
          for (const sent of [asTheyAre, placed]) {
            if (sent.length === 0) continue; // a call without its result is all that fits
            const mock = model(says('x'));
            await ai.generateText({
              model: mock,
              messages: sent,
              ...(sent === asTheyAre && { allowSystemInMessages: true }),
            });
            const prompt = prompts(mock)[0]!;
            expectValidPrompt(
              // Results in a shape of its own: AI SDK 5 hands their messages on, without content.
              sent === asTheyAre
                ? prompt.filter(({ role, content }) => role !== 'tool' || content.length > 0)
                : prompt,
            );
            said += 1;
          }
          if (policy.strategy === 'budget' && budgetTokens === 128_000) expectWhole(streamed, messages);
        }
      }
    }
    expect(said).toBeGreaterThan(POLICIES.length * majors.length * 2);
  });
});

it('the sample has calls of tools, and results that are empty', () => {
  const all = readConversations(SAMPLE).flatMap(({ messages }) => messages);
  expect(all.filter(({ tool_calls: calls }) => calls).length).toBeGreaterThan(50);
  expect(all.some(({ role, content }) => role === 'tool' && content === '')).toBe(true);
});

/** Every call that has a result is there, with its arguments and its result, and every text. */
function expectWhole(streamed: { role: string; content: unknown }[], messages: Message[]): void {
  const parts = streamed.flatMap(({ content }) =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : (content as Part[]),
  );
  const answered = new Set(messages.map(({ tool_call_id: id }) => id));
  const calls = messages
    .flatMap(({ tool_calls: called = [] }) => called)
    .filter((call) => answered.has(call.id));
  expect(
    parts.filter(({ type }) => type === 'tool-call').map(({ toolName, input }) => [toolName, input]),
  ).toEqual(calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]));
  expect(parts.filter(({ type }) => type === 'tool-result').map(({ output }) => output)).toEqual(
    messages.filter(({ role }) => role === 'tool').map(({ content }) => ({ type: 'text', value: content })),
  );
  expect(parts.filter(({ type }) => type === 'text').map(({ text }) => text)).toEqual(
    messages.filter(({ role, content }) => role !== 'tool' && content).map(({ content }) => content),
  );
}

function readConversations(file: string | URL): { id: string; index: number; messages: Message[] }[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => ({ ...(JSON.parse(line) as { id: string; messages: Message[] }), index }));
}

function textParts(content: string | null): Part[] {
  return content === null ? [] : [{ type: 'text', text: content }];
}

/** As `streamText` and `generateText` give them in `response.messages`. */
function toModelMessage({
  role,
  content,
  tool_calls: calls = [],
  tool_call_id: toolCallId,
  name,
}: Message): EventInput {
  if (role === 'tool') {
    const output = { type: 'text', value: content };
    return { role, content: [{ type: 'tool-result', toolCallId, toolName: name, output }] };
  }
  if (calls.length === 0) return { role, content: content ?? '' };
  return {
    role,
    content: [
      ...textParts(content),
      ...calls.map((call) => ({
        type: 'tool-call',
        toolCallId: call.id,
        toolName: call.function.name,
        input: JSON.parse(call.function.arguments) as unknown,
      })),
    ],
  };
}

/** As `ctx.stream` appends them: a call and its result are one part. */
function toUiMessageEvents(messages: Message[]): EventInput[] {
  return messages.flatMap(({ role, content, tool_calls: calls = [] }, at): EventInput[] => {
    if (role === 'tool') return [];
    const results = messages.slice(at + 1);
    const tools = calls.map((call) => {
      const result = results.find(({ tool_call_id: id }) => id === call.id);
      return {
        type: `tool-${call.function.name}`,
        toolCallId: call.id,
        input: JSON.parse(call.function.arguments) as unknown,
        ...(result ? { state: 'output-available', output: result.content } : { state: 'input-available' }),
      };
    });
    return [{ role, parts: [{ type: 'step-start' }, ...textParts(content), ...tools] }];
  });
}

function toChatEvent({ role, content, tool_calls: calls = [], tool_call_id, name }: Message): EventInput {
  if (role === 'tool') return { role, parts: [{ type: 'tool_result', tool_call_id, name, content }] };
  const called = calls.map(({ id, function: { name: called, arguments: given } }) => ({
    type: 'tool_call',
    id,
    name: called,
    arguments: given,
  }));
  return { role, parts: [...textParts(content), ...called] };
}
