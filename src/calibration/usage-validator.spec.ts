import { describe, expect, it } from '@jest/globals';
import { UsageValidator } from './usage-validator.js';

const USAGE = { model: 'claude-opus-5', window_version: 0, input_tokens: 1 };
const paths = (usage: unknown) => new UsageValidator().violations(usage, 'usage').map(({ path }) => path);

describe('UsageValidator', () => {
  it('accepts a usage report', () => {
    expect(paths(USAGE)).toEqual([]);
    expect(paths({ ...USAGE, window_version: 12, input_tokens: 200_000 })).toEqual([]);
  });

  it.each([null, 'usage', 5, []])('rejects %j', (usage) => {
    expect(paths(usage)).toEqual(['usage']);
  });

  it('names every field that is missing, unknown or wrong', () => {
    expect(paths({})).toEqual(['usage.model', 'usage.window_version', 'usage.input_tokens']);
    expect(paths({ ...USAGE, output_tokens: 5 })).toEqual(['usage.output_tokens']);
    for (const model of ['', 5, null, 'a\nb', 'x'.repeat(256)])
      expect(paths({ ...USAGE, model })).toEqual(['usage.model']);
    for (const window_version of [-1, 1.5, '1', null, 2 ** 53])
      expect(paths({ ...USAGE, window_version })).toEqual(['usage.window_version']);
    for (const input_tokens of [0, -5, 1.5, '1', null, 2 ** 53])
      expect(paths({ ...USAGE, input_tokens })).toEqual(['usage.input_tokens']);
  });
});
