import { describe, expect, it } from '@jest/globals';
import { isSameModel } from './is-same-model.js';

describe('isSameModel', () => {
  it.each([
    ['gpt-4o-mini', 'gpt-4o-mini'],
    ['gpt-4o-mini-2024-07-18', 'gpt-4o-mini'],
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
    ['claude-sonnet-4-5', 'claude-sonnet-4-5@20250929'],
    ['claude-3-5-sonnet-20241022', 'claude-3-5-sonnet-latest'],
    ['gemini-2.0-flash-001', 'gemini-2.0-flash'],
    ['claude-opus-5', 'anthropic/claude-opus-5'],
    ['Qwen/Qwen3-32B', 'qwen3-32b'],
    ['llama3.3', 'llama3.3:latest'],
  ])('takes %s for %s', (reported, configured) => {
    expect(isSameModel(reported, configured)).toBe(true);
  });

  it.each([
    ['gpt-4o-mini', 'gpt-4o'],
    ['gpt-4o-2024-08-06', 'gpt-4o-2024-05-13'],
    ['claude-opus-4-5', 'claude-opus-4'],
    ['gpt-5', 'gpt-5-mini'],
    ['', 'gpt-5'],
  ])('tells %s from %s', (reported, configured) => {
    expect(isSameModel(reported, configured)).toBe(false);
  });
});
