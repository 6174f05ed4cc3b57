/** What a provider counted for the window that an answer was made from. */
export interface UsageReport {
  /** The provider's name of the model. */
  model: string;
  /** The version of the window that went to the model. */
  windowVersion: number;
  /** Tokens of the whole input: the window, system prompt and tools; cached tokens count once. */
  inputTokens: number;
}

/** A report beside what this service counts for the same window, in tokens, before any factor. */
export interface MeasuredReport extends UsageReport {
  estimate: number;
}

/** A report as it is kept. */
export interface KeptReport extends MeasuredReport {
  /** When it was stored, in milliseconds since 1970, by the clock of the database. */
  at: number;
}
