import { describe, expect, it } from '@jest/globals';
import { familyOf } from './model-families.js';

const square = { width: 1024, height: 1024 };

/** Encoding, factor, tokens of an image of 1024 × 1024. */
const summary = (model: string | null) => {
  const { encoding, factor, imageTokens } = familyOf(model);
  return [encoding, factor, imageTokens(square)];
};

describe('familyOf', () => {
  it.each([
    ['gpt-4o', 'o200k_base', 765],
    ['gpt-4o-2024-08-06', 'o200k_base', 765],
    ['openai/gpt-4o', 'o200k_base', 765],
    ['ft:gpt-4o:org::id', 'o200k_base', 765],
    ['chatgpt-4o-latest', 'o200k_base', 765],
    ['gpt-4.1', 'o200k_base', 765],
    ['gpt-4.5-preview', 'o200k_base', 765],
    ['gpt-4o-mini', 'o200k_base', 25_501],
    ['gpt-4o-mini-2024-07-18', 'o200k_base', 25_501],
    ['gpt-4.1-mini', 'o200k_base', 1659],
    ['gpt-5-mini', 'o200k_base', 1659],
    ['gpt-5.1-codex-mini', 'o200k_base', 1659],
    ['gpt-4.1-nano', 'o200k_base', 2520],
    ['GPT-5-nano', 'o200k_base', 2520],
    ['o4-mini', 'o200k_base', 1762],
    ['gpt-5', 'o200k_base', 630],
    ['gpt-5.2-2026-01-01', 'o200k_base', 630],
    ['gpt-6', 'o200k_base', 630],
    ['o1', 'o200k_base', 675],
    ['o3-2025-04-16', 'o200k_base', 675],
    ['gpt-oss-120b', 'o200k_base', 765],
    ['gpt-realtime', 'o200k_base', 765],
    ['gpt-4', 'cl100k_base', 765],
    ['gpt-4-turbo-2024-04-09', 'cl100k_base', 765],
    ['gpt-4-0613', 'cl100k_base', 765],
    ['gpt-3.5-turbo', 'cl100k_base', 765],
    ['gpt-35-turbo', 'cl100k_base', 765],
  ])('counts %s exactly, in %s', (model, encoding, image) => {
    expect(summary(model)).toEqual([encoding, 1, image]);
  });

  it.each([
    ['claude-3-5-sonnet-20241022', 1369],
    ['claude-3.7-sonnet', 1369],
    ['anthropic/claude-opus-4.5', 1369],
    ['claude-sonnet-4-20250514', 1369],
    ['claude-sonnet-4-5', 1369],
    ['claude-haiku-4-5-20251001', 1369],
    ['us.anthropic.claude-opus-4-6-v1:0', 1369],
    ['claude-opus-4@20250514', 1369],
    ['claude-2.1', 1369],
    ['claude-instant-1.2', 1369],
  ])('counts %s with the vocabulary of Claude, and images of at most 1,568 tokens', (model, image) => {
    expect(summary(model)).toEqual(['claude', 1.1, image]);
    expect(familyOf(model).imageTokens({ width: 4000, height: 3000 })).toBe(1568);
  });

  it.each([
    'claude-opus-4-7',
    'claude-opus-4.8',
    'claude-opus-5',
    'claude-sonnet-5-5',
    'claude-opus-5-20260901',
    'claude-x',
  ])('counts images of at most 4,784 tokens for %s', (model) => {
    expect(summary(model).slice(0, 2)).toEqual(['claude', 1.1]);
    expect(familyOf(model).imageTokens({ width: 4000, height: 3000 })).toBe(4784);
  });

  it.each([
    ['gemini-2.5-pro', 'o200k_base', 1.08, 1032],
    ['models/gemini-1.5-flash', 'o200k_base', 1.08, 1032],
    ['gemini-flash-latest', 'o200k_base', 1.08, 1032],
    ['google/gemini-3-pro-preview', 'o200k_base', 1.08, 1120],
    ['gemini-3.5-flash', 'o200k_base', 1.08, 1120],
    ['gemini-4-argon', 'o200k_base', 1.08, 1120],
    ['qwen3-max', 'cl100k_base', 1, 1600],
    ['meta/llama-3.1-8b', 'cl100k_base', 1, 1600],
    ['mistral-large-latest', 'cl100k_base', 1, 1600],
    ['deepseek-v3.1', 'o200k_base', 1, 1600],
    ['grok-4', 'o200k_base', 1, 1600],
    ['ollama/deepseek-r1', 'o200k_base', 1, 1600],
    ['my-own-model', undefined, 1, 1600],
  ])('knows how %s is counted', (model, encoding, factor, image) => {
    expect(summary(model)).toEqual([encoding, factor, image]);
  });

  it('counts media as for gpt-4o without a model, and text with the configured estimator', () => {
    expect(summary(null)).toEqual([undefined, 1, 765]);
    expect(familyOf(undefined)).toBe(familyOf(null));
  });

  it('knows the tokens of a page and of a second', () => {
    const figures = (model: string) => {
      const { pdfPageTokens, audioTokensPerSecond } = familyOf(model);
      return [pdfPageTokens, audioTokensPerSecond];
    };
    expect(figures('gpt-4o')).toEqual([500 + 765, 10]);
    expect(figures('claude-opus-4-5')).toEqual([2250, 10]);
    expect(figures('gemini-2.5-pro')).toEqual([258, 32]);
    expect(figures('gemini-3-pro')).toEqual([560, 32]);
  });

  it('finds a family of any name', () => {
    for (const unit of ['gpt-5', 'claude-a-', 'gemini-a-', 'a-', '-'])
      expect(familyOf(unit.repeat(20_000))).toBeDefined();
  });
});
