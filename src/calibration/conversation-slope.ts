import { weightedMedian, type Weighted } from './weighted-median.js';

/** What a provider counted for a window, and what this service counts for it. */
export interface Measurement {
  /** The service's count of the window, in tokens, before any factor. */
  estimate: number;
  /** Tokens of the provider's whole input: the window, and what the application sends with it. */
  inputTokens: number;
}

/** Fewer measurements cannot show that they agree. */
const MIN_MEASUREMENTS = 3;
/** The share of the measurements that must agree; the others are outliers. */
const MIN_AGREEING_SHARE = 0.7;
/** Largest distance from the line, as a fraction of the rise of the line over the measurements. */
const MAX_DISTANCE = 0.03;
/** Estimates that are closer to each other give no slope: the rounding of a few tokens would decide it. */
const MIN_DIFFERENCE_TOKENS = 100;
/** The most that one conversation counts among others, in tokens. */
const MAX_WEIGHT_TOKENS = 20_000;

/** No tokenizer differs more than this from the service's counts. */
const MIN_FACTOR = 0.25;
const MAX_FACTOR = 5;

/**
 * The provider's tokens per token of this service, from differences between measurements of one conversation. What the
 * application sends with every window (system prompt, tools) is in both sides of a difference, so it cancels out.
 *
 * Outliers, such as a report of another window, are found as the measurements that are not near the line through the others. The
 * value is the median of the slopes between the measurements that agree, weighted by the difference of their estimates.
 *
 * @param measurements of one conversation and one model, at most a few: the work grows with the cube of their number
 * @returns with the range of the estimates, in tokens, as its weight; undefined if too few measurements agree, or their estimates
 *   are too similar
 */
export function conversationSlope(measurements: readonly Measurement[]): Weighted | undefined {
  const agreeing = agreeingMeasurements(measurements);
  const value = weightedMedian(slopes(agreeing));
  if (value === undefined) return undefined;
  return { value, weight: Math.min(estimateRange(agreeing), MAX_WEIGHT_TOKENS) };
}

/** The measurements near the line that fits most of them best; empty if too few are near it. */
function agreeingMeasurements(measurements: readonly Measurement[]): readonly Measurement[] {
  const minCount = Math.max(MIN_MEASUREMENTS, Math.ceil(MIN_AGREEING_SHARE * measurements.length));
  if (measurements.length < minCount) return [];
  const fits = lines(measurements).map((line) => line.fit(measurements, minCount));
  const [best, ...others] = fits;
  if (!best) return [];
  const { line, nearest } = others.reduce((a, b) => (b.distance < a.distance ? b : a), best);
  const maxDistance = MAX_DISTANCE * line.slope * estimateRange(nearest);
  const agreeing = measurements.filter((measurement) => line.distanceTo(measurement) <= maxDistance);
  return agreeing.length >= minCount ? agreeing : [];
}

/** A line through two measurements. */
class Line {
  constructor(
    readonly slope: number,
    private readonly through: Measurement,
  ) {}

  /** In tokens of the provider. */
  distanceTo({ estimate, inputTokens }: Measurement): number {
    return Math.abs(inputTokens - this.through.inputTokens - this.slope * (estimate - this.through.estimate));
  }

  /** How well the line fits the `count` measurements that are nearest to it. */
  fit(measurements: readonly Measurement[], count: number) {
    const nearest = measurements
      .map((measurement) => ({ measurement, distance: this.distanceTo(measurement) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, count);
    return {
      line: this,
      nearest: nearest.map(({ measurement }) => measurement),
      distance: nearest.reduce((sum, { distance }) => sum + distance, 0),
    };
  }
}

function lines(measurements: readonly Measurement[]): Line[] {
  return pairs(measurements).map(({ slope, first }) => new Line(slope, first));
}

function slopes(measurements: readonly Measurement[]): Weighted[] {
  return pairs(measurements).map(({ slope, difference }) => ({ value: slope, weight: difference }));
}

/** The pairs whose estimates differ enough, and whose slope a tokenizer can have. */
function pairs(measurements: readonly Measurement[]) {
  return measurements
    .flatMap((first, index) =>
      measurements.slice(index + 1).map((second) => {
        const difference = second.estimate - first.estimate;
        const slope = (second.inputTokens - first.inputTokens) / difference;
        return { first, slope, difference: Math.abs(difference) };
      }),
    )
    .filter(
      ({ slope, difference }) =>
        difference >= MIN_DIFFERENCE_TOKENS && slope >= MIN_FACTOR && slope <= MAX_FACTOR,
    );
}

function estimateRange(measurements: readonly Measurement[]): number {
  const estimates = measurements.map(({ estimate }) => estimate);
  return Math.max(...estimates) - Math.min(...estimates);
}
