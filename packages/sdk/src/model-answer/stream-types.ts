import type { AppendOptions, AppendResult, EventInput, Window } from '../types.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- `any` is assignable to the types of every AI SDK major version */

/** What `ctx.stream` needs of a context or its builder. */
export interface StreamContext {
  readonly id: string;
  window(options?: { signal?: AbortSignal }): Promise<Window>;
  append(event: EventInput, options?: AppendOptions): Promise<AppendResult>;
}

/**
 * Calls the model and returns its answer: the result of `streamText`, or text as `AsyncIterable<string>` or
 * `ReadableStream<string>`.
 *
 * @param messages the window as `ModelMessage`s. They contain tool calls and results only in pairs, and no message is empty.
 */
export type StreamHandler<Result = any> = (
  messages: any[],
  context: StreamHandlerContext,
) => Result | PromiseLike<Result>;

export interface StreamHandlerContext {
  window: Window;
  /** The window as `UIMessage`s for `useChat`, including system messages. `messages` are made from them. */
  uiMessages: any[];
  /** The text of the system messages if these are hoisted, otherwise undefined. */
  system: string | undefined;
  /** The `signal` of the options. Pass it to the model as `abortSignal`, so that the model stops, too. */
  signal: AbortSignal | undefined;
}

/**
 * What happens to system messages of the window:
 *
 * - `keep`: they stay among the messages. AI SDK 7 then needs `allowSystemInMessages: true`, which 5 and 6 ignore.
 * - `user`: they stay among the messages, with the role `user`.
 * - `hoist`: their text becomes `system` in the handler's second argument, for `streamText({ system, messages })`.
 * - `auto`: `keep` with AI SDK 5 and 6, `user` with 7.
 */
export type SystemMessages = 'auto' | 'keep' | 'hoist' | 'user';

export interface StreamOptions {
  /** Append the answer when it is complete, even if the client has disconnected. With `false`, nothing is appended, and the answer is read only as far as you read it. Default true. */
  autoAppend?: boolean;
  /** What happens to an aborted answer. `save` appends the text so far, with `aborted: true` in the metadata. Default `discard`. */
  onAbort?: 'discard' | 'save';
  /** What happens to system messages of the window, such as the summaries of compactions. Default `auto`. */
  systemMessages?: SystemMessages;
  /** Receives the error if a complete answer could not be appended after all retries. Default: `console.error`. */
  onAppendError?: (error: unknown) => void;
  /** Receives the errors of the answer. A text that it returns is sent to the client; default `An error occurred.` */
  onError?: (error: unknown) => unknown;
  /** Creates the id of the answer, for the client and the log. Default: a random UUID. */
  generateMessageId?: () => string;
  /** Of several requests with the same key, only the first answer is appended; another answer is a `ConflictError`. Default: a new key. */
  idempotencyKey?: string;
  /** Further options for the AI SDK's `toUIMessageStream`, such as `sendReasoning`, `sendSources`, `messageMetadata`. */
  uiMessageStream?: Record<string, any>;
  /** Ends the reading of the window and of the answer, like an abort of the model. A client that disconnects does not abort anything. */
  signal?: AbortSignal;
}

/** An answer that the model has begun. */
export interface StreamedAnswer<Result = any> {
  /** What the handler returned. */
  readonly result: Result;
  /** The window that was sent to the model. */
  readonly window: Window;
  /** The text of the answer, as the model produces it. */
  readonly textStream: AsyncIterable<string>;
  /**
   * The position of the answer in the log. Null if it is not appended: it failed, was aborted, or `autoAppend` is off. Rejects with the
   * error of the append; an unhandled rejection is harmless.
   */
  readonly appended: Promise<AppendResult | null>;
  /**
   * The answer as server-sent events, for `useChat`. The body ends after the append.
   *
   * @param init status, and headers in addition to those of the protocol
   * @throws TypeError if it was called before: an answer can be read only once
   */
  toResponse(init?: ResponseInit): Response;
}

/**
 * An answer that has not begun. It begins once, when it is first awaited or `toResponse()` is called. Both reject if the window cannot be
 * read or the handler throws.
 */
export interface ContextStream<Result = any> extends PromiseLike<StreamedAnswer<Result>> {
  /**
   * The answer as server-sent events, for `useChat`. Resolves as soon as the model is called: return it from a route handler. Later
   * errors are `error` chunks in the body.
   */
  toResponse(init?: ResponseInit): Promise<Response>;
}
