import { describe, expect, it } from '@jest/globals';
import { readSse } from '../ai-sse.js';
import { textAnswer, textParts, toolCallAnswer, type ModelScript } from '../ai-version.js';
import type { StreamSetup } from './setup.js';

export function describeTools(setup: StreamSetup): void {
  const { streamText, storedAnswers } = setup;
  const { ai, mockModel, name, promptsOf } = setup.version;

  describe('with tools', () => {
    const lookup = ai.tool({
      description: 'Looks up the weather.',
      inputSchema: ai.jsonSchema({ type: 'object', properties: { city: { type: 'string' } } }),
      execute: ({ city }: { city: string }) => Promise.resolve({ weather: `sunny in ${city}` }),
    });
    const callModel = (model: any) => streamText(model, { tools: { lookup }, stopWhen: ai.stepCountIs(5) });
    /** The client executes this tool. */
    const clientTools = { ask: ai.tool({ inputSchema: ai.jsonSchema({ type: 'object' }) }) };

    it('stores an answer of two steps as one event, and sends call and result in the next prompt', async () => {
      const { ctx } = setup;
      const model = mockModel(toolCallAnswer('lookup', { city: 'Rome' }), textAnswer('It is sunny.'));
      await readSse(await ctx.stream(callModel(model)).toResponse());
      const [stored, ...others] = await storedAnswers();
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
      const nextModel = mockModel(textAnswer('Rain.'));
      await readSse(await ctx.stream(callModel(nextModel)).toResponse());
      const prompt = promptsOf(nextModel)[0]!;
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

    it('stores the error of a tool, and sends it as the result in the next prompt', async () => {
      const { ctx } = setup;
      const execute = () => Promise.reject(new Error('no such city'));
      const model = mockModel(toolCallAnswer('lookup', { city: 'X' }), textAnswer('Sorry.'));
      const options = { tools: { lookup: { ...lookup, execute } }, stopWhen: ai.stepCountIs(5) };
      await readSse(await ctx.stream(streamText(model, options)).toResponse());
      const errorText = name === 'AI SDK 7' ? 'Error: no such city' : 'An error occurred.';
      expect((await storedAnswers())[0]!.parts[1]).toMatchObject({ state: 'output-error', errorText });

      const nextModel = mockModel(textAnswer('Yes?'));
      await ctx.append({ role: 'user', content: 'Try Y' });
      await readSse(await ctx.stream(streamText(nextModel, options)).toResponse());
      const prompt = promptsOf(nextModel)[0]!;
      expect(prompt.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
      expect(prompt[2].content).toMatchObject([{ output: { type: 'error-text', value: errorText } }]);
    });

    it('stores a call that the client executes, and tells the model if the conversation goes on without a result', async () => {
      const { ctx } = setup;
      const model = mockModel(toolCallAnswer('ask', {}));
      await readSse(await ctx.stream(streamText(model, { tools: clientTools })).toResponse());
      expect(await storedAnswers()).toMatchObject([
        { parts: [{}, { type: 'tool-ask', state: 'input-available' }] },
      ]);

      await ctx.append({ role: 'user', content: 'Never mind' });
      const nextModel = mockModel(textAnswer('Fine.'));
      await readSse(await ctx.stream(streamText(nextModel, { tools: clientTools })).toResponse());
      const prompt = promptsOf(nextModel)[0]!;
      expect(prompt.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'user']);
      expect(prompt[2].content).toMatchObject([
        { output: { type: 'error-text', value: 'No result was recorded for this call' } },
      ]);
    });

    it('sends a result that is appended as a later event', async () => {
      const { ctx } = setup;
      const model = mockModel(toolCallAnswer('ask', {}));
      await readSse(await ctx.stream(streamText(model, { tools: clientTools })).toResponse());
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
      const nextModel = mockModel(textAnswer('Fine.'));
      await readSse(await ctx.stream(streamText(nextModel, { tools: clientTools })).toResponse());
      const prompt = promptsOf(nextModel)[0]!;
      expect(prompt.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
      expect(prompt[2].content).toMatchObject([
        { toolCallId: 'call-1', output: { type: 'text', value: 'yes' } },
      ]);
    });

    it('appends nothing if the stream ends within a tool call', async () => {
      const incompleteCall: ModelScript = () => [
        ...textParts('Let me see.'),
        { type: 'tool-input-start', id: 'call-1', toolName: 'lookup' },
        { type: 'tool-input-delta', id: 'call-1', delta: '{"ci' },
      ];
      await readSse(await setup.ctx.stream(callModel(mockModel(incompleteCall))).toResponse());
      expect(await storedAnswers()).toEqual([]);
    });
  });
}
