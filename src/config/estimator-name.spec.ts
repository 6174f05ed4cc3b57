import { describe, expect, it } from '@jest/globals';
import { parseEstimatorName } from './estimator-name.js';

describe('parseEstimatorName', () => {
  it.each([
    ['tiktoken:gpt-4o', 'o200k_base'],
    ['tiktoken:gpt-4', 'cl100k_base'],
    ['tiktoken:text-davinci-003', 'p50k_base'],
    ['tiktoken:o200k_base', 'o200k_base'],
    ['tiktoken:gpt2', 'gpt2'],
  ])('maps %s to %s', (name, encoding) => {
    expect(parseEstimatorName(name)).toBe(encoding);
  });

  it.each(['', 'gpt-4o', 'tiktoken:', 'tiktoken:gpt-40', 'tiktoken:toString', 'TIKTOKEN:gpt-4o'])(
    'rejects %j and lists the known names',
    (name) => {
      expect(() => parseEstimatorName(name)).toThrow(
        /^must be tiktoken:<encoding or model>, one of: .*\bo200k_base, .*\bgpt-4o\b/,
      );
    },
  );
});
