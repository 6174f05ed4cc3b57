/** Ratios are exact to this many parts. */
const SCALE = 1_000_000_000;

/**
 * The steps at which a window may begin once the budget cuts: the first group at or after each multiple of
 * (1 − `trim_ratio`) × budget in the running token total of the log. A step depends on older events only, so the start stands
 * still until the budget overflows again.
 */
export class TrimSteps {
  /** Size of a step in tokens × `SCALE`; 0 if every group is a step. */
  private readonly size: bigint;

  /**
   * @param trimRatio above 0 and at most 1
   * @param budgetTokens in the unit of the running token total
   */
  constructor(trimRatio: number, budgetTokens: number) {
    this.size = BigInt(Math.round((1 - trimRatio) * SCALE)) * BigInt(budgetTokens);
  }

  /**
   * Whether a group is a step. Both arguments are running token totals.
   *
   * @param before the total before the group
   * @param beforePrevious the total before the live group before it; undefined for the first live group of the log
   */
  isStep(before: number, beforePrevious: number | undefined): boolean {
    if (this.size === 0n || beforePrevious === undefined) return true;
    return this.multipleUpTo(before) > this.multipleUpTo(beforePrevious);
  }

  /** The least running total from which a step may begin that is the last one at or before `total`. */
  floor(total: number): number {
    if (this.size === 0n) return total;
    const start = this.multipleUpTo(total) * this.size;
    return Number((start + BigInt(SCALE - 1)) / BigInt(SCALE));
  }

  private multipleUpTo(total: number): bigint {
    return (BigInt(total) * BigInt(SCALE)) / this.size;
  }
}
