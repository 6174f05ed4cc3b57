/**
 * Counts the tokens of a text. Extension point: `FastpacaModule.forRoot({ tokenEstimator: YourEstimator })`, a class that Nest builds.
 *
 * The count must depend on the text and the model only: it is computed once, stored with the event, and used by every later window.
 * Images, files, audio and video do not come here: they are counted by formulas of the model's provider.
 */
export interface TokenEstimator {
  /**
   * Must not throw.
   *
   * @param text any string; it may contain lone surrogates and the text of special tokens
   * @param model `model` of the conversation, as its owner wrote it; null or undefined if it has none. An estimator for one model
   *   may ignore it: `count(text)` is enough.
   * @returns tokens ≥ 0, not necessarily whole; a promise if counting takes more than a few milliseconds
   */
  count(text: string, model?: string | null): number | Promise<number>;
  /** Drops every text that it keeps in memory, such as those in a cache. Called after a conversation was erased. Must not throw. */
  forget?(): void;
}

/** Injection token of the process's `TokenEstimator`. */
export const TOKEN_ESTIMATOR = Symbol('TOKEN_ESTIMATOR');
