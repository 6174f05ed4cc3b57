import { expect, it } from '@jest/globals';
import type { Violation } from '../../src/validate/index.js';

/** A prompt that breaks one rule, beside one that keeps it. */
export interface RuleCase<Options> {
  rule: string;
  /** Completes the title "rejects …". */
  rejects: string;
  accepted: unknown;
  rejected: unknown;
  /** Path of the violation in `rejected`. */
  at: string;
  /** Other violations that cannot be avoided, as `rule at path`. */
  also?: string[];
  options?: Options;
}

/**
 * One test per case, and one that finds rules without a case.
 *
 * @param unused rules of every format that this one does not have
 */
export function testRules<Options>(
  rules: Record<string, unknown>,
  validate: (prompt: unknown, options?: Options) => Violation[],
  cases: RuleCase<Options>[],
  { unused = [] as string[] } = {},
): void {
  it.each(cases)('$rule: rejects $rejects', ({ rule, accepted, rejected, at, also = [], options }) => {
    expect(validate(accepted, options)).toEqual([]);
    const found = validate(rejected, options).map((violation) => `${violation.rule} at ${violation.path}`);
    expect(found.sort()).toEqual([`${rule} at ${at}`, ...also].sort());
  });

  it('has an example of every rule', () => {
    const tested = new Set(cases.map(({ rule }) => rule));
    expect(Object.keys(rules).filter((rule) => !tested.has(rule))).toEqual(unused);
  });
}
