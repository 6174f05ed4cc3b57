import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EXAMPLES } from '../../test/support/provider-examples.js';
import { validatePrompt, type ValidatedFormat } from './validate-prompt.js';

const FORMATS: ValidatedFormat[] = ['openai-chat', 'openai-responses', 'anthropic', 'gemini', 'ai-sdk'];

/** The prompt with one of its values replaced by another. `pick` chooses which. */
function withReplacement(prompt: unknown, pick: number, replacement: unknown): unknown {
  let count = 0;
  const copy: unknown = JSON.parse(JSON.stringify(prompt), (_, value: unknown) => {
    count += 1;
    return value;
  });
  let position = 0;
  return JSON.parse(JSON.stringify(copy), (_, value: unknown) =>
    position++ === pick % count ? replacement : value,
  );
}

describe('validatePrompt', () => {
  it('names the formats if it does not know one', () => {
    expect(validatePrompt('openai' as 'openai-chat', {})).toEqual([
      {
        path: '',
        rule: 'format',
        message:
          'Unknown format "openai"; known are openai-chat, openai-responses, anthropic, gemini, ai-sdk',
      },
    ]);
  });

  it('passes the options on', () => {
    const prompt = {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
      ],
    };
    expect(validatePrompt('anthropic', prompt).map(({ rule }) => rule)).toEqual(['last-role']);
    expect(validatePrompt('anthropic', prompt, { prefill: true })).toEqual([]);
  });

  it.each(FORMATS)('refuses everything that is no %s prompt', (format) => {
    for (const value of [undefined, null, '', 'x', 1, [], [{}], {}, { messages: {} }, new Date()]) {
      expect(validatePrompt(format, value)).not.toEqual([]);
    }
  });

  it.each(EXAMPLES)('accepts the example of $source', ({ format, prompt, options }) => {
    expect(validatePrompt(format, prompt, options)).toEqual([]);
  });

  it('never throws, whatever stands in the place of a value', () => {
    const examples = fc.constantFrom(...EXAMPLES);
    fc.assert(
      fc.property(examples, fc.nat(), fc.jsonValue(), ({ format, prompt }, pick, value) => {
        validatePrompt(format, withReplacement(prompt, pick, value));
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws for values that are nested deeper than the stack', () => {
    let nested: unknown = 'x';
    for (let depth = 0; depth < 100_000; depth++) nested = depth % 2 ? [nested] : { content: nested };
    for (const format of FORMATS) {
      for (const field of ['messages', 'input', 'contents', 'system']) {
        validatePrompt(format, { [field]: nested });
        validatePrompt(format, {
          [field]: [{ role: 'user', type: 'message', content: nested, parts: nested }],
        });
      }
    }
  });

  it('never throws for objects that cannot be shown as a text', () => {
    const id = { toString: null, valueOf: null };
    const block = { type: 'tool_result', tool_use_id: id };
    expect(validatePrompt('anthropic', { messages: [{ role: 'user', content: [block] }] })).not.toEqual([]);
    expect(validatePrompt('openai-chat', { messages: [{ role: 'tool', tool_call_id: id }] })).not.toEqual([]);
  });
});
