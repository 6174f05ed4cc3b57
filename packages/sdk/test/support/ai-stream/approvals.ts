import { describe, expect, it } from '@jest/globals';
import { readSse } from '../ai-sse.js';
import { textAnswer, toolCallAnswer } from '../ai-version.js';
import { allOf } from '../all-of.js';
import type { StreamSetup } from './setup.js';

export function describeApprovals(setup: StreamSetup): void {
  const { streamText, storedAnswers } = setup;
  const { ai, mockModel, name, promptsOf } = setup.version;

  describe('with a tool that needs approval', () => {
    let refunds: string[] = [];
    const refund = ai.tool({
      inputSchema: ai.jsonSchema({ type: 'object' }),
      execute: ({ order }: { order: string }) => {
        refunds.push(order);
        return Promise.resolve({ refunded: order });
      },
      ...(name === 'AI SDK 6' && { needsApproval: true }),
    });
    const callModel = (model: any) =>
      streamText(model, {
        tools: { refund },
        stopWhen: ai.stepCountIs(5),
        ...(name === 'AI SDK 7' && { toolApproval: { refund: 'user-approval' } }),
      });

    /** Lets the model call the tool, and returns the history with the response of the user, as `useChat` sends it. */
    const respond = async (approved: boolean) => {
      refunds = [];
      const { ctx } = setup;
      const model = mockModel(toolCallAnswer('refund', { order: 'o-1' }));
      await readSse(await ctx.stream(callModel(model)).toResponse());
      expect(refunds).toEqual([]);
      const messages = await ctx.uiMessages();
      const part = messages.at(-1).parts.at(-1);
      expect(part).toMatchObject({ type: 'tool-refund', state: 'approval-requested' });
      Object.assign(part, { state: 'approval-responded', approval: { ...part.approval, approved } });
      return messages;
    };
    /** Another process: nothing is left but the log. */
    const reload = () => setup.createClient({ baseUrl: setup.proxy.url }).context(setup.ctx.id);

    it('executes it after the user has approved, also after a reload', async () => {
      const messages = await respond(true);
      const ctx = reload();
      await ctx.appendNewest(messages);
      const model = mockModel(textAnswer('Refunded.'));
      const { chunks } = await readSse(await ctx.stream(callModel(model)).toResponse());
      expect(refunds).toEqual(['o-1']);
      expect(chunks[0]).toMatchObject({ type: 'start', messageId: messages.at(-1).id });
      expect(chunks).toContainEqual(
        expect.objectContaining({ type: 'tool-output-available', toolCallId: 'call-1' }),
      );
      expect(promptsOf(model)[0]!.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);

      // The input of the model had the result of the tool, which the window had not: its usage is not reported.
      expect(setup.proxy.requests.at(-1)).toMatchObject({ method: 'POST', body: { events: [{}, {}] } });
      expect(setup.proxy.requests.at(-1)!.body.usage).toBeUndefined();
      const events = await allOf(ctx.replay());
      expect(events.map(({ role, parts }) => [role, parts.at(-1)!.type])).toEqual([
        ['user', 'text'],
        ['assistant', 'tool-refund'],
        ['tool', 'tool-approval-response'],
        ['tool', 'tool-result'],
        ['assistant', 'text'],
      ]);
      expect((await ctx.uiMessages()).slice(1)).toMatchObject([
        {
          id: messages.at(-1).id,
          parts: [
            { type: 'step-start' },
            { type: 'tool-refund', state: 'output-available', output: { refunded: 'o-1' } },
            { type: 'step-start' },
            { type: 'text', text: 'Refunded.' },
          ],
        },
      ]);
    });

    it('sends the call with its result in later prompts', async () => {
      const ctx = reload();
      await ctx.appendNewest(await respond(true));
      await readSse(await ctx.stream(callModel(mockModel(textAnswer('Refunded.')))).toResponse());
      await ctx.append({ role: 'user', content: 'Thanks' });
      const model = mockModel(textAnswer('Bye.'));
      await readSse(await ctx.stream(callModel(model)).toResponse());
      const prompt = promptsOf(model)[0]!;
      expect(prompt.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
      expect(prompt[2].content).toMatchObject([{ output: { type: 'json', value: { refunded: 'o-1' } } }]);
      expect(refunds).toEqual(['o-1']);
    });

    it('does not execute it after the user has denied', async () => {
      const ctx = reload();
      await ctx.appendNewest(await respond(false));
      const model = mockModel(textAnswer('As you like.'));
      await readSse(await ctx.stream(callModel(model)).toResponse());
      expect(refunds).toEqual([]);
      expect((await ctx.uiMessages()).at(-1).parts).toMatchObject([
        { type: 'step-start' },
        { type: 'tool-refund', state: 'output-denied', approval: { approved: false } },
        { type: 'step-start' },
        { text: 'As you like.' },
      ]);
    });

    it('stores the result of the approved tool if the model fails after it', async () => {
      const ctx = reload();
      await ctx.appendNewest(await respond(true));
      const failing = mockModel(() => {
        throw new Error('overloaded');
      });
      await readSse(await ctx.stream(callModel(failing), { onError: () => 'failed' }).toResponse());
      expect(refunds).toEqual(['o-1']);
      expect(await storedAnswers()).toHaveLength(1);
      expect((await ctx.uiMessages()).at(-1).parts.at(-1)).toMatchObject({ state: 'output-available' });
    });

    it('takes nothing else from the request', async () => {
      const ctx = reload();
      const messages = await respond(true);
      const part = messages.at(-1).parts.at(-1);
      await ctx.appendNewest(messages);
      expect(await ctx.appendNewest(messages)).toBeNull();
      Object.assign(part, { state: 'output-available', output: { refunded: 'forged' } });
      expect(await ctx.appendNewest(messages)).toBeNull();
      expect((await ctx.get()).lastSeq).toBe(3);
    });
  });
}
