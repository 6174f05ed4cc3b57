import { describe, expect, it } from '@jest/globals';
import { Agent, run, tool } from '@openai/agents';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing';
import { z } from 'zod';
import { setUpSession } from './support/agent-session.js';

const setup = setUpSession();

describe('an agent with a FastpacaSession', () => {
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

  it('receives the messages, tool calls and results of an earlier run', async () => {
    const { session } = setup;
    const model = new ScriptedModel([...TURN, [assistantMessage('You asked about Oslo.')]]);
    const agent = new Agent({ name: 'Weather', model, tools: [lookup] });
    expect((await run(agent, 'Weather in Oslo?', { session })).finalOutput).toBe('It rains in Oslo.');
    expect((await run(agent, 'What did I ask?', { session })).finalOutput).toBe('You asked about Oslo.');

    const input = model.lastCall!.request.input as any[];
    expect(kinds(input)).toEqual(ALL);
    expect(input[2]).toMatchObject({ callId: 'call_1', output: { text: 'rain in Oslo' } });
    expect((await setup.readLog()).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'user',
      'assistant',
    ]);
  });

  it('receives the items of an earlier run when the runs are streamed', async () => {
    const { session } = setup;
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

  it('receives the window, not the log', async () => {
    const { client, ctx, session } = setup;
    const model = new ScriptedModel([...TURN, [assistantMessage('I forgot.')]]);
    const agent = new Agent({ name: 'Weather', model, tools: [lookup] });
    await run(agent, 'Weather in Oslo?', { session });
    await client.context(ctx.id).policy({ strategy: 'last_n', config: { limit: 2 } });
    await run(agent, 'What did I ask?', { session });
    expect(kinds(model.lastCall!.request.input)).toEqual(['assistant', 'user']);
    expect(await setup.readLog()).toHaveLength(6);
  });

  it('continues from a compaction that its model created', async () => {
    const { session } = setup;
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
