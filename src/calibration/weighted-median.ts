/** A number and how much it counts. */
export interface Weighted {
  value: number;
  /** Above 0. */
  weight: number;
}

/** The smallest value up to which the values have half of the weight. Undefined if there is none. */
export function weightedMedian(items: readonly Weighted[]): number | undefined {
  const ascending = items.toSorted((a, b) => a.value - b.value);
  const half = ascending.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let weightSoFar = 0;
  return ascending.find(({ weight }) => (weightSoFar += weight) >= half)?.value;
}
