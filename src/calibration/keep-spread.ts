/** Most reports that a conversation keeps. */
export const MAX_KEPT = 8;

/**
 * Leaves out one report if there are more than a conversation keeps: the older of the two whose estimates are closest. So the kept
 * ones spread over all sizes that the window has had, and a slope between them is precise, also when the window hardly grows.
 *
 * @param reports in the order of their arrival
 */
export function keepSpread<Report extends { estimate: number }>(reports: readonly Report[]): Report[] {
  if (reports.length <= MAX_KEPT) return [...reports];
  const byEstimate = [...reports.entries()].sort(([, a], [, b]) => a.estimate - b.estimate);
  let closest = { difference: Infinity, olderIndex: 0 };
  for (const [position, [index, { estimate }]] of byEstimate.entries()) {
    const below = byEstimate[position - 1];
    const difference = below ? estimate - below[1].estimate : Infinity;
    if (below && difference < closest.difference)
      closest = { difference, olderIndex: Math.min(index, below[0]) };
  }
  return reports.toSpliced(closest.olderIndex, 1);
}
