import { describe, expect, it } from '@jest/globals';
import type { MessageEvent } from '@fastpaca/messages';
import { leftOfOtherFields, reducedTokens } from './reduced-tokens.js';

const event: MessageEvent = { role: 'assistant', parts: [] };
const callers: MessageEvent = { ...event, token_count: 1000 };

describe('reducedTokens', () => {
  it('subtracts what is removed from a count of the service', () => {
    expect(reducedTokens(event, 100, 90, 40)).toBe(50);
    expect(reducedTokens(event, 10, 90, 40)).toBe(0);
  });

  it('shrinks a count of the caller in proportion', () => {
    expect(reducedTokens(callers, 1000, 90, 40)).toBe(444);
    expect(reducedTokens(callers, 1000, 90, 180)).toBe(2000);
    expect(reducedTokens(callers, 0, 90, 40)).toBe(0);
    expect(reducedTokens(callers, 1000, 0, 0)).toBe(1000);
  });
});

describe('leftOfOtherFields', () => {
  it('is all unless a field with tokens is removed', () => {
    expect(leftOfOtherFields({ ...event, refusal: 'no' }, 100, ['tool_calls', 'audio'])).toBe(100);
  });

  it('is the share of the fields that stay', () => {
    const both = { ...event, reasoning_content: 'x'.repeat(28), refusal: 'x'.repeat(8) };
    expect(leftOfOtherFields(both, 100, ['reasoning_content'])).toBe(25);
    expect(leftOfOtherFields(both, 100, ['reasoning_content', 'refusal'])).toBe(0);
  });
});
