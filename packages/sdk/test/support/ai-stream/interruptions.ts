import { describe, expect, it } from '@jest/globals';
import { readSse } from '../ai-sse.js';
import { finishPart, textAnswer, textParts, toolCallAnswer, type ModelScript } from '../ai-version.js';
import type { StreamSetup } from './setup.js';

export function describeInterruptions(setup: StreamSetup): void {
  const { streamText, storedAnswers } = setup;
  const { ai, mockModel, promptsOf } = setup.version;

  describe('when an answer breaks off after a step', () => {
    let charges = 0;
    const charge = ai.tool({
      inputSchema: ai.jsonSchema({ type: 'object' }),
      execute: () => Promise.resolve({ charged: (charges += 1) }),
    });
    const callModel = (model: any, options = {}) =>
      streamText(model, { tools: { charge }, stopWhen: ai.stepCountIs(5), ...options });
    const callCharge = toolCallAnswer('charge', {});
    const chargePart = (output: unknown) => ({
      ...{ type: 'tool-charge', toolCallId: 'call-1', state: 'output-available', input: {} },
      output: { charged: output },
    });

    const breaks: [string, ModelScript][] = [
      [
        'the model rejects the next call',
        () => {
          throw new Error('overloaded');
        },
      ],
      ['the provider disconnects', () => textParts('You have').slice(0, 2)],
      [
        'the stream throws',
        () => [...textParts('You').slice(0, 2), { type: 'throw', error: new Error('x') }],
      ],
      [
        'an error is sent',
        () => [...textParts('You'), { type: 'error', error: new Error('x') }, finishPart()],
      ],
    ];
    it.each(breaks)('keeps the step with its executed tool if %s', async (_, broken) => {
      const { ctx } = setup;
      charges = 0;
      const answer = await ctx.stream(callModel(mockModel(callCharge, broken)), { onError: () => 'failed' });
      await readSse(answer.toResponse());
      expect(await answer.appended).toMatchObject({ seq: 2 });
      const [stored] = await storedAnswers();
      expect(stored).toMatchObject({ metadata: { failed: true } });
      expect(stored!.parts).toEqual([{ type: 'step-start' }, expect.objectContaining(chargePart(1))]);

      await ctx.append({ role: 'user', content: 'Did you charge me?' });
      const nextModel = mockModel(textAnswer('Yes.'));
      await readSse(await ctx.stream(callModel(nextModel)).toResponse());
      expect(promptsOf(nextModel)[0]![2]).toMatchObject({
        role: 'tool',
        content: [{ toolCallId: 'call-1', output: { type: 'json', value: { charged: 1 } } }],
      });
      expect(charges).toBe(1);
    });

    it.each([
      ['discard', 2],
      ['save', 4],
    ] as const)('keeps the step of an aborted answer with onAbort: %s', async (onAbort, parts) => {
      charges = 0;
      const controller = new AbortController();
      const { signal } = controller;
      const aborts: ModelScript = async function* ({ abortSignal }) {
        yield* textParts('You have').slice(0, 2);
        setImmediate(() => controller.abort());
        await new Promise((_, reject) => {
          abortSignal?.addEventListener('abort', () => reject(abortSignal.reason as Error));
        });
      };
      const options = { signal, onAbort };
      const answer = await setup.ctx.stream(
        callModel(mockModel(callCharge, aborts), { abortSignal: signal }),
        options,
      );
      await readSse(answer.toResponse());
      await answer.appended;
      const [stored] = await storedAnswers();
      expect(stored).toMatchObject({ metadata: { aborted: true } });
      expect(stored!.parts.slice(0, 2)).toEqual([
        { type: 'step-start' },
        expect.objectContaining(chargePart(1)),
      ]);
      expect(stored!.parts).toHaveLength(parts);
      if (onAbort === 'save') expect(stored!.parts[3]).toMatchObject({ text: 'You have', state: 'done' });
    });

    it('keeps the tool calls of a step that did not end, with the results of those that have ended', async () => {
      charges = 0;
      const controller = new AbortController();
      const { signal } = controller;
      const hang = ai.tool({
        inputSchema: ai.jsonSchema({ type: 'object' }),
        execute: () =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('x')))),
      });
      const twoCalls: ModelScript = () => [
        ...textParts('Let me see.'),
        { type: 'tool-call', toolCallId: 'call-1', toolName: 'charge', input: '{}' },
        { type: 'tool-call', toolCallId: 'call-2', toolName: 'hang', input: '{}' },
        finishPart('tool-calls'),
      ];
      const answer = await setup.ctx.stream(
        callModel(mockModel(twoCalls), { tools: { charge, hang }, abortSignal: signal }),
        { signal },
      );
      const reader = answer.toResponse().body!.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ''; !text.includes('tool-output-available'); text += (await reader.read()).value ?? '');
      controller.abort();
      await answer.appended;
      const [stored] = await storedAnswers();
      expect(stored).toMatchObject({ metadata: { aborted: true } });
      expect(stored!.parts.map(({ type, toolCallId, state }) => [type, toolCallId ?? state])).toEqual([
        ['step-start', undefined],
        ['text', 'done'],
        ['tool-charge', 'call-1'],
        ['tool-hang', 'call-2'],
      ]);
      expect(stored!.parts[2]).toMatchObject(chargePart(1));
    });
  });
}
