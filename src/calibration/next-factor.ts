import { weightedMedian, type Weighted } from './weighted-median.js';

/** What is known of a model in a namespace. */
export interface LearnedFactor {
  /** Tokens of the provider per token of this service, a multiple of 0.01; 1 until it is learned. */
  factor: number;
  /** Reports that were counted. */
  reports: number;
  /** `reports` when the factor last changed; 0 if it never did. */
  reportsAtChange: number;
}

/** Reports before the factor changes for the first time. */
const MIN_REPORTS = 5;
/** The factor changes only if it is further from what was measured, as a fraction of itself. */
const TOLERANCE = 0.02;
/** Between two changes there are as many reports as there were before the first of them, but at most this many. */
const MAX_REPORTS_BETWEEN_CHANGES = 32;

/**
 * The factor after another report. It changes rarely and in steps, because each change moves the start of windows, and with it what a
 * provider has cached.
 *
 * @param slopes of the conversations that reported last, one each
 */
export function nextFactor(
  { factor, reports, reportsAtChange }: LearnedFactor,
  slopes: readonly Weighted[],
): number {
  const measured = weightedMedian(slopes);
  const pause = Math.max(MIN_REPORTS, Math.min(reportsAtChange, MAX_REPORTS_BETWEEN_CHANGES));
  if (measured === undefined || reports < reportsAtChange + pause) return factor;
  return Math.abs(measured / factor - 1) > TOLERANCE ? Math.round(measured * 100) / 100 : factor;
}
