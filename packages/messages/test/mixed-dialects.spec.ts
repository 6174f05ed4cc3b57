import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CACHED_FORMATS, renderPrompt, type WindowEvent } from '../src/index.js';
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

/** The event with a `cache_control` mark on its last text part. */
function withMark({ event, ...others }: WindowEvent, mark: object | undefined): WindowEvent {
  const last = event.parts.findLastIndex(({ type, text }) => type === 'text' && String(text).trim() !== '');
  const parts = event.parts.map((part, index) =>
    mark && index === last ? { ...part, cache_control: mark } : part,
  );
  return { ...others, event: { ...event, parts } };
}

function hasContent(prompt: object): boolean {
  const { messages, input } = prompt as { messages?: unknown[]; input?: unknown[] };
  return (messages ?? input ?? []).length > 0;
}

/** A prompt without what its cache needs, with each string of Anthropic as a block. */
function unmarked(prompt: object): unknown {
  const { prompt_cache_key: _, ...fields } = prompt as Item;
  const blocks = (value: unknown) => (typeof value === 'string' ? [{ type: 'text', text: value }] : value);
  const text = JSON.stringify({
    ...fields,
    ...('system' in fields && { system: textIn(blocks(fields.system) as Item[]) }),
    ...('messages' in fields && {
      messages: (fields.messages as Item[]).map((each) => ({ ...each, content: blocks(each.content) })),
    }),
  });
  return JSON.parse(text, (key, value: unknown) => (key === 'cache_control' ? undefined : value));
}

function textIn(blocks: readonly Item[]): string {
  return blocks.map(({ text }) => text).join('\n\n');
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

  it.each(CACHED_FORMATS)('are accepted in the format %s with cache breakpoints or a cache key', (format) => {
    const mark = fc.option(fc.constantFrom({ type: 'ephemeral' }, { type: 'ephemeral', ttl: '1h' }), {
      nil: undefined,
      freq: 2,
    });
    fc.assert(
      fc.property(
        conversation,
        fc.array(mark, { minLength: 1, maxLength: 9 }),
        ({ window, reasons }, marks) => {
          const marked = window.map((each, index) => withMark(each, marks[index % marks.length]));
          const { prompt } = renderPrompt(format, marked, { cache: { key: 'k'.repeat(64) } });
          const isEmpty = Object.values(prompt).every((value) => Array.isArray(value) && value.length === 0);
          const choices = format === 'openai-responses' ? { reasoningModel: reasons } : {};
          if (!isEmpty && Object.keys(prompt).length > 0 && hasContent(prompt))
            expect(validatePrompt(format, prompt, choices)).toEqual([]);
          const withoutCache = renderPrompt(format, marked).prompt;
          expect(unmarked(prompt)).toEqual(unmarked(withoutCache));
        },
      ),
      options,
    );
  });

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
