/**
 * Counts the tokens of a text. Extension point: `FastpacaModule.forRoot({ tokenEstimator: YourEstimator })`, a class that Nest builds.
 *
 * The count must depend on the text only: it is computed once, stored with the event, and used by every later window.
 */
export interface TokenEstimator {
  /**
   * Must not throw.
   *
   * @param text any string; it may contain lone surrogates and the text of special tokens
   * @returns tokens ≥ 0; a promise if counting takes more than a few milliseconds
   */
  count(text: string): number | Promise<number>;
}

/** Injection token of the process's `TokenEstimator`. */
export const TOKEN_ESTIMATOR = Symbol('TOKEN_ESTIMATOR');
