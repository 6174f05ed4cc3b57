import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TestService } from '../../../test/support/test-service.js';
import { createClient, type Client, type EventInput, type Part } from '../src/index.js';
import { aiVersion } from '../src/model-answer/ai-module.js';
import { modelPrompt } from '../src/model-answer/model-prompt.js';
import { loadAiVersion, textAnswer } from './support/ai-version.js';
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
const versions = await Promise.all([loadAiVersion('ai-v5'), loadAiVersion('ai-v6'), loadAiVersion('ai')]);

let service: TestService;
let client: Client;
beforeAll(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined); // AI SDK 5 and 6 warn about system messages
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
  it.each(conversations)(
    'have windows that every AI SDK version accepts ($id)',
    async ({ id, index, messages }) => {
      const events = toEvents(messages);
      const ctx = await client.context(`${shape} ${index} ${id}`).budget(128_000);
      for (let at = 0; at < events.length; at += 100) await ctx.append(events.slice(at, at + 100));
      let checkedPrompts = 0;
      for (const policy of POLICIES) {
        await client.context(ctx.id).policy(policy);
        for (const budgetTokens of BUDGETS) {
          const window = await ctx.window({ budgetTokens });
          for (const { ai, mockModel, promptsOf } of versions) {
            const fromWindow = window.messages;
            const prompt = await modelPrompt(window, 'auto', aiVersion(ai), undefined);
            const streamed = prompt.messages as { role: string; content: unknown }[];
            for (const sent of [fromWindow, streamed]) {
              if (sent.length === 0) continue; // only a call without its result fits the budget
              const mock = mockModel(textAnswer('x'));
              await ai.generateText({
                model: mock,
                messages: sent,
                ...(sent === fromWindow && { allowSystemInMessages: true }),
              });
              const prompt = promptsOf(mock)[0]!;
              expectValidPrompt(
                // Tool messages whose results have a custom shape have no content. AI SDK 5 passes them to the provider.
                sent === fromWindow
                  ? prompt.filter(({ role, content }) => role !== 'tool' || content.length > 0)
                  : prompt,
              );
              checkedPrompts += 1;
            }
            if (policy.strategy === 'budget' && budgetTokens === 128_000) expectComplete(streamed, messages);
          }
        }
      }
      expect(checkedPrompts).toBeGreaterThan(POLICIES.length * versions.length * 2);
    },
  );
});

describe('the sample of airline conversations', () => {
  it('contains tool calls and empty results', () => {
    const all = readConversations(SAMPLE).flatMap(({ messages }) => messages);
    expect(all.filter(({ tool_calls: calls }) => calls).length).toBeGreaterThan(50);
    expect(all.some(({ role, content }) => role === 'tool' && content === '')).toBe(true);
  });
});

/** Checks that the messages contain every text, and every call that has a result, with its arguments and that result. */
function expectComplete(streamed: { role: string; content: unknown }[], messages: Message[]): void {
  const parts = streamed.flatMap(({ content }) =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : (content as Part[]),
  );
  const callIdsWithResult = new Set(messages.map(({ tool_call_id: id }) => id));
  const calls = messages
    .flatMap(({ tool_calls: called = [] }) => called)
    .filter((call) => callIdsWithResult.has(call.id));
  expect(
    parts.filter(({ type }) => type === 'tool-call').map(({ toolName, input }) => [toolName, input]),
  ).toEqual(calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]));
  expect(parts.filter(({ type }) => type === 'tool-result').map(({ output }) => output)).toEqual(
    messages.filter(({ role }) => role === 'tool').map(({ content }) => ({ type: 'text', value: content })),
  );
  const texts = parts
    .filter(({ type }) => type === 'text')
    .map(({ text }) => String(text).replace(/^System message:\n/, ''));
  const sent = messages
    .filter(({ role, content }) => role !== 'tool' && content)
    .map(({ content }) => content);
  // A conversation that ends with the model is continued by a message of the user.
  expect(texts.slice(0, sent.length)).toEqual(sent);
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

/** As in `response.messages` of `streamText` and `generateText`. */
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

/** As `ctx.stream` appends them: with a call and its result in one part. */
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
  const toolCalls = calls.map(({ id, function: { name: toolName, arguments: json } }) => ({
    type: 'tool_call',
    id,
    name: toolName,
    arguments: json,
  }));
  return { role, parts: [...textParts(content), ...toolCalls] };
}
