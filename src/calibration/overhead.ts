import type { MeasuredReport } from './usage-report.js';
import { weightedMedian } from './weighted-median.js';

/** How many of the newest reports decide. One of them may be an outlier. */
const NEWEST_REPORTS = 3;

/**
 * Tokens of the provider that are not explained by the window: what the application sends with it.
 *
 * @param reports of one model, in the order of their arrival
 * @returns the median over the newest reports, a whole number; undefined if there are none
 */
export function overheadOf(reports: readonly MeasuredReport[], factor: number): number | undefined {
  const newest = reports.slice(-NEWEST_REPORTS);
  return weightedMedian(
    newest.map(({ inputTokens, estimate }) => ({
      value: Math.round(inputTokens - factor * estimate),
      weight: 1,
    })),
  );
}
