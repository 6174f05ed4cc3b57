/**
 * Whether a snapshot of `tokens` is over `ratio` of `budget`, exactly: the ratio is taken as the decimal number it is
 * written as, so that 0.7 of 90 is 63 and not 62.99….
 */
export function exceedsRatio(tokens: number, ratio: number, budget: number): boolean {
  const [digits = '0', exponent = '0'] = ratio.toString().split('e');
  const [whole = '0', fraction = ''] = digits.split('.');
  const scale = fraction.length - Number(exponent); // ratio = numerator / 10^scale; scale ≥ 0, for a ratio is ≤ 1
  const numerator = BigInt(whole + fraction);
  return BigInt(tokens) * 10n ** BigInt(scale) > numerator * BigInt(budget);
}

/** The newest of `items` (ascending) that fit `budget` together; the oldest go first. */
export function newestThatFit<T>(items: readonly T[], tokensOf: (item: T) => number, budget: number): T[] {
  let left = budget;
  const start = items.findLastIndex((item) => (left -= tokensOf(item)) < 0) + 1;
  return items.slice(start);
}
