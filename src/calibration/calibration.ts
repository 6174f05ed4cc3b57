import type { UsageReport } from './usage-report.js';

/** What usage reports have taught about a model in a namespace. */
export interface Calibration {
  /** The model as conversations name it. */
  model: string;
  /** Tokens of the provider per token of this service, a multiple of 0.01; 1 until it is learned. */
  factor: number;
  /** How many reports were counted. */
  reports: number;
  /** Time of the last report. */
  updatedAt: Date;
}

/** What the usage reports of a conversation say about its windows. */
export interface ConversationCalibration {
  /** The factor that applies to its windows: that of its model; 1 without a model or without enough reports. */
  factor: number;
  /** How many reports of its model were counted, in all conversations of the namespace. */
  reports: number;
  /**
   * Tokens of the provider that the application sends with every window: system prompt and tools. The median over the newest three
   * reports; below 0 if the windows are overestimated. Undefined without a report.
   */
  overhead: number | undefined;
  /** `estimate`: what this service counts for that window, before the factor. Undefined without a report. */
  lastReport: (UsageReport & { estimate: number }) | undefined;
}
