import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { readSse, textOf } from '../ai-sse.js';
import { textAnswer } from '../ai-version.js';
import type { StreamSetup } from './setup.js';

const SUMMARY = 'They wanted to know how to deploy.';

export function describeSummaries(setup: StreamSetup): void {
  const { streamText } = setup;
  const { ai, mockModel, name, promptsOf } = setup.version;

  describe('when the window contains a summary', () => {
    beforeEach(async () => {
      const { ctx } = setup;
      await ctx.append([
        { role: 'assistant', content: 'With docker.' },
        { role: 'user', content: 'Thanks' },
      ]);
      await ctx.compact({ fromSeq: 1, toSeq: 2, replacement: [{ role: 'system', content: SUMMARY }] });
    });
    const rolesOf = (prompt: any[]) => prompt.map(({ role }) => role);

    it('sends the summary by default as a system message, or as a user message to AI SDK 7', async () => {
      // AI SDK 5 and 6 warn about system messages between other messages.
      const consoleWarn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
      const model = mockModel(textAnswer('Hi'));
      const { chunks } = await readSse(
        await setup.ctx.stream((messages) => ai.streamText({ model, messages })).toResponse(),
      );
      consoleWarn.mockRestore();
      expect(textOf(chunks)).toBe('Hi');
      const [prompt] = promptsOf(model);
      expect(rolesOf(prompt!)[0]).toBe(name === 'AI SDK 7' ? 'user' : 'system');
      expect(JSON.stringify(prompt![0].content)).toContain(SUMMARY);
    });

    it('sends the summary as a system message with systemMessages: keep', async () => {
      const model = mockModel(textAnswer('Hi'));
      const stream = setup.ctx.stream(streamText(model, { allowSystemInMessages: true }), {
        systemMessages: 'keep',
      });
      await readSse(await stream.toResponse());
      expect(promptsOf(model)[0]![0]).toMatchObject({ role: 'system', content: SUMMARY });
    });

    it('passes the summary to the handler as `system` with systemMessages: hoist', async () => {
      const model = mockModel(textAnswer('Hi'));
      const systems: unknown[] = [];
      const stream = setup.ctx.stream(
        (messages, { system }) => {
          systems.push(system);
          return ai.streamText({ model, messages, system });
        },
        { systemMessages: 'hoist' },
      );
      await readSse(await stream.toResponse());
      expect(systems).toEqual([SUMMARY]);
      expect(rolesOf(promptsOf(model)[0]!)).toEqual(['system', 'user']);
    });

    it('sends the summary as a user message with systemMessages: user', async () => {
      const model = mockModel(textAnswer('Hi'));
      await readSse(await setup.ctx.stream(streamText(model), { systemMessages: 'user' }).toResponse());
      expect(rolesOf(promptsOf(model)[0]!)[0]).toBe('user');
    });
  });
}
