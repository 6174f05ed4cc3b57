import type { AppendResult, Window } from '../types.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- a handler of no known type may have returned anything */

/** An answer that has begun. */
export interface StreamedAnswer<Result = any> {
  /** What the handler returned. */
  readonly result: Result;
  /** What the model was sent. */
  readonly window: Window;
  /** The text as it comes. */
  readonly textStream: AsyncIterable<string>;
  /**
   * Where the answer stands in the log; null if it is not appended: it failed, was aborted, or `autoAppend` is off. It rejects
   * with what the append failed with; nobody has to catch that.
   */
  readonly appended: Promise<AppendResult | null>;
  /**
   * The answer as server-sent events, for `useChat`. Its body ends after the append.
   *
   * @param init status, and headers besides those of the protocol
   * @throws TypeError it was called before: an answer can be read once
   */
  toResponse(init?: ResponseInit): Response;
}

/**
 * An answer that is to be: nothing happens before it is awaited or `toResponse()` is called, and then it happens once. Both fail
 * with what the window or the handler failed with.
 */
export interface ContextStream<Result = any> extends PromiseLike<StreamedAnswer<Result>> {
  /**
   * The answer as server-sent events, for `useChat`. It resolves as soon as the model is called; return it from a route handler as
   * it is. Everything that fails later is an `error` in the body.
   */
  toResponse(init?: ResponseInit): Promise<Response>;
}
