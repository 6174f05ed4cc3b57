import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { renderPrompt } from '../src/index.js';
import { validatePrompt } from '../src/validate/index.js';
import { answeredTextsOf, conversation, textsOf } from './support/conversations.js';

/** Random windows per test; `RUNS=100000` for a long run. */
const options = { numRuns: Number(process.env.RUNS ?? 300) };

type Item = Record<string, unknown>;

/** `K` for each call with the arguments `{"k": K}`, with the text of its output. */
function responsesPairs(input: readonly Item[]): [string, string][] {
  const numberOf = new Map(input.map(({ call_id: id, arguments: text }) => [id, numberIn(text)]));
  return input
    .filter(({ output }) => output !== undefined)
    .map(({ call_id: id, output }) => [numberOf.get(id) ?? '', JSON.stringify(output)]);
}

function geminiPairs(contents: readonly { parts: Item[] }[]): [string, string][] {
  return contents.flatMap(({ parts }, index) => {
    const calls = (contents[index - 1]?.parts ?? []).filter(({ functionCall }) => functionCall);
    return parts
      .filter(({ functionResponse }) => functionResponse)
      .map(({ functionResponse }, at): [string, string] => [
        numberIn(JSON.stringify(calls[at])),
        JSON.stringify(functionResponse),
      ]);
  });
}

function numberIn(text: unknown): string {
  return /k\D*(\d+)/.exec(String(text))?.[1] ?? '';
}

describe('windows of conversations in mixed dialects', () => {
  it.each(['openai-chat', 'openai-responses', 'anthropic', 'gemini'] as const)(
    'are accepted in the format %s, with every text and every result',
    (format) => {
      fc.assert(
        fc.property(conversation, ({ window, reasons, hasAmbiguousIds }) => {
          const { prompt } = renderPrompt(format, window);
          const isEmpty = Object.values(prompt).every((value) => Array.isArray(value) && value.length === 0);
          const choices = format === 'openai-responses' ? { reasoningModel: reasons } : {};
          if (!isEmpty) expect(validatePrompt(format, prompt, choices)).toEqual([]);
          const json = JSON.stringify(prompt);
          for (const text of textsOf(window)) expect(json).toContain(text);
          if (hasAmbiguousIds) return;
          for (const text of answeredTextsOf(window)) expect(json).toContain(text);
        }),
        options,
      );
    },
  );

  it('give each result to its call', () => {
    fc.assert(
      fc.property(conversation, ({ window, hasAmbiguousIds }) => {
        if (hasAmbiguousIds) return;
        const { input } = renderPrompt('openai-responses', window).prompt;
        const { contents } = renderPrompt('gemini', window).prompt;
        const pairs = [...responsesPairs(input as Item[]), ...geminiPairs(contents as { parts: Item[] }[])];
        for (const [number, output] of pairs)
          if (/result \d/.test(output)) expect(output).toContain(`result ${number}`);
      }),
      options,
    );
  });
});
