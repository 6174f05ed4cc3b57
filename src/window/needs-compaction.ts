/**
 * Whether a snapshot has more tokens than `ratio` × `budget`. Exact: the ratio counts as the decimal number that it is
 * written as, so 0.7 of 90 is 63 and not 62.99….
 */
export function needsCompaction(snapshotTokens: number, ratio: number, budget: number): boolean {
  const [digits = '0', exponent = '0'] = ratio.toString().split('e');
  const [whole = '0', fraction = ''] = digits.split('.');
  const scale = fraction.length - Number(exponent); // ratio = numerator / 10^scale; scale ≥ 0 because ratio ≤ 1
  const numerator = BigInt(whole + fraction);
  return BigInt(snapshotTokens) * 10n ** BigInt(scale) > numerator * BigInt(budget);
}
