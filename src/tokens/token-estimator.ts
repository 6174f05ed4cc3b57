/**
 * Counts the tokens of a text. Extension point: a module of yours may provide its own under `TOKEN_ESTIMATOR`.
 *
 * A count is a pure function of the text: it is stored with the event, once, and summed for windows ever after.
 */
export interface TokenEstimator {
  /**
   * @param text any string, lone surrogates and what looks like special tokens included; must not throw for any
   * @returns tokens ≥ 0, at once where that takes no more than a few milliseconds, else a promise
   */
  count(text: string): number | Promise<number>;
}

/** Injection token of the process's `TokenEstimator`. */
export const TOKEN_ESTIMATOR = Symbol('TOKEN_ESTIMATOR');
