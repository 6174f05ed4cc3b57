import { validateOpenAiResponses } from '@fastpaca/messages/validate';
import { describe, expect, it } from '@jest/globals';
import type { AgentInputItem } from '@openai/agents';
import fc from 'fast-check';
import { FastpacaSession } from '../src/openai-agents.js';
import { functionResult, userMessage } from './support/agent-items.js';
import { anyCallId, anyCut, anyForeignEvents, CutConversation, someCallIds } from './support/any-window.js';
import { capturedAgentInput } from './support/captured-agent-request.js';

/** Set it for more than the usual number of windows. */
const RUNS = Number(process.env.WINDOW_RUNS ?? 1000);

interface Answer {
  hasText: boolean;
  isHosted: boolean;
  callIds: readonly string[];
}

/** An answer of a reasoning model. All items have ids, which OpenAI binds to the reasoning. */
function answerItems({ hasText, isHosted, callIds }: Answer, number: number): AgentInputItem[] {
  const status = 'completed' as const;
  const encrypted = { encrypted_content: 'gAAA' };
  const search = { type: 'web_search_call', action: { type: 'search', query: 'Oslo' } };
  const text = { type: 'output_text' as const, text: 'Let me see.' };
  const call = { type: 'function_call' as const, name: 'lookup', arguments: '{ "city": "Oslo" }', status };
  const message = { type: 'message' as const, role: 'assistant' as const, status, content: [text] };
  const hosted = { type: 'hosted_tool_call' as const, name: 'web_search_call', status, providerData: search };
  return [
    { type: 'reasoning', id: `rs_${number}`, content: [], providerData: encrypted },
    ...(isHosted ? [{ ...hosted, id: `ws_${number}` }] : []),
    ...(hasText || callIds.length === 0 ? [{ ...message, id: `msg_${number}` }] : []),
    ...callIds.map((callId, index) => ({ ...call, id: `fc_${number}_${index}`, callId })),
  ];
}

const anyAnswer: fc.Arbitrary<Answer> = fc.record({
  hasText: fc.boolean(),
  isHosted: fc.boolean(),
  callIds: fc.oneof(fc.constant([]), someCallIds),
});

/** What happens in a conversation: a session adds items, or another writer appends events. */
type Step = (conversation: CutConversation, session: FastpacaSession) => Promise<unknown>;

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: anyAnswer.map(
      (answer): Step =>
        ({ log }, session) =>
          session.addItems(answerItems(answer, log.length)),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.array(anyCallId, { minLength: 1, maxLength: 3 }).map(
      (ids): Step =>
        (_, session) =>
          session.addItems(ids.map(functionResult)),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Step>((_, session) => session.addItems([userMessage('Hi')])) },
  {
    weight: 3,
    arbitrary: anyForeignEvents.map(
      (events): Step =>
        (conversation) =>
          conversation.append(events),
    ),
  },
);

const anySteps = fc.array(anyStep, { minLength: 1, maxLength: 14, size: 'max' });
const anySource = fc.constantFrom('window' as const, 'log' as const);
const anyLimit = fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined, freq: 2 });

describe('the input of an agent with a FastpacaSession', () => {
  it('is accepted by OpenAI, whatever is in the window', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps, anyCut, anySource, anyLimit, async (steps, cut, source, limit) => {
        const conversation = new CutConversation();
        const session = new FastpacaSession({ context: conversation, source });
        for (const step of steps) await step(conversation, session);
        conversation.cut = cut;
        const items = await session.getItems(limit);
        expect(items.length).toBeLessThanOrEqual(limit ?? Infinity);
        const input = await capturedAgentInput(items);
        expect({ log: conversation.log, violations: validateOpenAiResponses({ input }) }).toEqual({
          log: conversation.log,
          violations: [],
        });
      }),
      { numRuns: RUNS },
    );
  });

  it('has all items as they were added if nothing is missing', async () => {
    const anyTurns = fc.array(
      fc.array(anyAnswer, { minLength: 1, maxLength: 3 }).map((answers) => ({ answers })),
    );
    await fc.assert(
      fc.asyncProperty(anyTurns, async (turns) => {
        const session = new FastpacaSession({ context: new CutConversation() });
        const added: AgentInputItem[] = [];
        for (const { answers } of turns) {
          added.push(userMessage('Hi'));
          for (const answer of answers) {
            const unique = answer.callIds.map((id) => `${id}_${added.length}`);
            added.push(
              ...answerItems({ ...answer, callIds: unique }, added.length),
              ...unique.map(functionResult),
            );
          }
        }
        await session.addItems(added);
        expect(await session.getItems()).toEqual(added);
      }),
      { numRuns: 200 },
    );
  });
});
