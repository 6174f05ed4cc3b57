import { validateAnthropic, validateOpenAiChat, validateOpenAiResponses } from '@fastpaca/messages/validate';
import { describe, expect, it } from '@jest/globals';
import {
  AIMessage,
  HumanMessage,
  mapChatMessagesToStoredMessages,
  SystemMessage,
  ToolMessage,
  type BaseMessage,
} from '@langchain/core/messages';
import fc from 'fast-check';
import { FastpacaChatMessageHistory } from '../src/langchain.js';
import { anyCallId, anyCut, anyForeignEvents, CutConversation, someCallIds } from './support/any-window.js';
import {
  capturedAnthropicPrompt,
  capturedOpenAiPrompt,
  capturedResponsesPrompt,
} from './support/captured-langchain-requests.js';

/** Set it for more than the usual number of windows. */
const RUNS = Number(process.env.WINDOW_RUNS ?? 500);

const toolCall = (id: string) => ({ id, name: 'lookup', args: { city: 'Oslo' }, type: 'tool_call' as const });
const rawCall = (id: string) => ({
  id,
  type: 'function' as const,
  function: { name: 'lookup', arguments: '{"city":"Oslo"}' },
});

/** A message with tool calls, as the integration of each provider makes it. */
const ANSWERS: Record<string, (ids: readonly string[], number: number) => AIMessage> = {
  openAi: (ids) =>
    new AIMessage({
      content: '',
      tool_calls: ids.map(toolCall),
      additional_kwargs: ids.length > 0 ? { tool_calls: ids.map(rawCall) } : {},
    }),
  openAiResponses: (ids, number) =>
    new AIMessage({
      id: `msg_${number}`,
      content: [{ type: 'text', text: 'Let me see.' }],
      tool_calls: ids.map(toolCall),
      additional_kwargs: {
        reasoning: { id: `rs_${number}`, type: 'reasoning', summary: [], encrypted_content: 'gAAA' },
        __openai_function_call_ids__: Object.fromEntries(
          ids.map((id, index) => [id, `fc_${number}_${index}`]),
        ),
      },
    }),
  anthropic: (ids) =>
    new AIMessage({
      content: [
        { type: 'text', text: 'Let me see.' },
        ...ids.map((id) => ({ type: 'tool_use', id, name: 'lookup', input: { city: 'Oslo' } })),
      ],
      tool_calls: ids.map(toolCall),
    }),
  /** Text with a lone surrogate, in the content and beside it. */
  illFormed: (ids) =>
    new AIMessage({
      content: [
        { type: 'text', text: 'Let me see \ud800' },
        ...ids.map((id) => ({ type: 'tool_use', id, name: 'lookup', input: { city: '\ud800' } })),
      ],
      tool_calls: ids.map((id) => ({ ...toolCall(id), args: { city: '\ud800' } })),
    }),
  /** Calls whose arguments are not JSON. */
  invalid: (ids) =>
    new AIMessage({
      content: '',
      tool_calls: ids.slice(1).map(toolCall),
      invalid_tool_calls: ids
        .slice(0, 1)
        .map((id) => ({ id, name: 'lookup', args: '{"city":', type: 'invalid_tool_call' as const })),
    }),
};

type AnyAnswer = (number: number) => AIMessage;
const anyAnswer = (ids: fc.Arbitrary<readonly string[]>): fc.Arbitrary<AnyAnswer> =>
  fc.tuple(fc.constantFrom(...Object.values(ANSWERS)), ids).map(
    ([answer, callIds]) =>
      (number) =>
        answer(callIds, number),
  );

const anyMessage: fc.Arbitrary<(number: number) => BaseMessage> = fc.oneof(
  { weight: 4, arbitrary: anyAnswer(fc.oneof(fc.constant([]), someCallIds)) },
  {
    weight: 6,
    arbitrary: anyCallId.map((id) => () => new ToolMessage({ content: 'rain', tool_call_id: id })),
  },
  { weight: 2, arbitrary: fc.constantFrom('Hi', '', ' ').map((text) => () => new HumanMessage(text)) },
  {
    weight: 1,
    arbitrary: fc.constant(
      () =>
        new AIMessage([
          { type: 'text', text: '' },
          { type: 'text', text: 'Yes.' },
        ]),
    ),
  },
);

/** What happens in a conversation: the history adds messages, or another writer appends events. */
type Step = (conversation: CutConversation, history: FastpacaChatMessageHistory) => Promise<unknown>;

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: anyMessage.map(
      (message): Step =>
        ({ log }, history) =>
          history.addMessage(message(log.length)),
    ),
  },
  {
    weight: 1,
    arbitrary: anyForeignEvents.map(
      (events): Step =>
        (conversation) =>
          conversation.append(events),
    ),
  },
);

const anySteps = fc.array(anyStep, { minLength: 1, maxLength: 14, size: 'max' });
const anySource = fc.constantFrom('window' as const, 'log' as const);

describe('the messages of a FastpacaChatMessageHistory, before a message of the user', () => {
  it.each([
    { api: 'OpenAI Chat', capture: capturedOpenAiPrompt, validate: validateOpenAiChat },
    { api: 'OpenAI Responses', capture: capturedResponsesPrompt, validate: validateOpenAiResponses },
    {
      api: 'Anthropic',
      capture: capturedAnthropicPrompt,
      // Anthropic's own API combines consecutive messages of one role, and @langchain/anthropic relies on it.
      validate: (prompt: unknown) => validateAnthropic(prompt, { alternation: false }),
    },
  ])('are accepted by $api, whatever is in the window', async ({ capture, validate }) => {
    await fc.assert(
      fc.asyncProperty(anySteps, anyCut, anySource, async (steps, cut, source) => {
        const conversation = new CutConversation();
        const history = new FastpacaChatMessageHistory({ context: conversation, source });
        await history.addMessage(new SystemMessage('Be brief.'));
        for (const step of steps) await step(conversation, history);
        conversation.cut = cut;
        const prompt = await capture([...(await history.getMessages()), new HumanMessage('And now?')]);
        const { log } = conversation;
        expect({ log, prompt, violations: validate(prompt) }).toEqual({ log, prompt, violations: [] });
      }),
      { numRuns: RUNS },
    );
  });

  it('are as they were added if nothing has to be repaired', async () => {
    const { invalid: _1, illFormed: _2, ...valid } = ANSWERS;
    const anyAnswers = fc.array(fc.tuple(fc.constantFrom(...Object.values(valid)), fc.nat(3)), {
      size: 'max',
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(anyAnswers, async (answers) => {
        const history = new FastpacaChatMessageHistory({ context: new CutConversation() });
        const added: BaseMessage[] = [new SystemMessage('Be brief.')];
        for (const [number, [answer, callCount]] of answers.entries()) {
          const ids = Array.from({ length: callCount }, (_, index) => `call_${number}_${index}`);
          const message = answer(ids, number);
          if (ids.length === 0 && message.text === '') continue;
          const results = ids.map(
            (id) => new ToolMessage({ content: 'rain', tool_call_id: id, artifact: { raw: 1 } }),
          );
          added.push(new HumanMessage('Hi'), message, ...results);
        }
        await history.addMessages(added);
        const messages = await history.getMessages();
        expect(mapChatMessagesToStoredMessages(messages)).toEqual(mapChatMessagesToStoredMessages(added));
      }),
      { numRuns: 200 },
    );
  });
});
