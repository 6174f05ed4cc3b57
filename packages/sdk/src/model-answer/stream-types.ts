import type { AppendOptions, AppendResult, EventInput, Repair, TurnResult, Window } from '../types.js';
import type { Tools } from './model-outputs.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- `any` is assignable to the types of every AI SDK major version */

/** What `ctx.stream` needs of a context or its builder. */
export interface StreamContext {
  readonly id: string;
  window(options?: { signal?: AbortSignal }): Promise<Window>;
  append(events: readonly EventInput[], options?: AppendOptions): Promise<TurnResult>;
}

/**
 * Calls the model and returns its answer: the result of `streamText`, or text as `AsyncIterable<string>` or
 * `ReadableStream<string>`.
 *
 * @param messages the window as `ModelMessage`s that the installed version of the AI SDK accepts, and so does the provider behind it
 */
export type StreamHandler<Result = any> = (
  messages: any[],
  context: StreamHandlerContext,
) => Result | PromiseLike<Result>;

export interface StreamHandlerContext {
  window: Window;
  /** The window as `UIMessage`s of the AI SDK, including system messages. */
  uiMessages: any[];
  /**
   * The text of the system messages if these are hoisted, otherwise undefined. If they have provider options, AI SDK 6 and 7 receive a
   * list of system messages.
   */
  system: any;
  /** What was changed so that the model accepts the messages, beyond the repairs of the window. */
  repairs: Repair[];
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
  /** Append the answer when it has ended, even if the client has disconnected. With `false`, nothing is appended, and the answer is read only as far as you read it. Default true. */
  autoAppend?: boolean | undefined;
  /**
   * What happens to the text of the step that an abort breaks off: `save` appends it, too. Finished steps and the results of tools are
   * always appended, with `aborted: true` in the metadata. Default `discard`.
   */
  onAbort?: 'discard' | 'save' | undefined;
  /** What happens to system messages of the window, such as the summaries of compactions. Default `auto`. */
  systemMessages?: SystemMessages | undefined;
  /**
   * The tools of the call, for those that convert their output with `toModelOutput`, for example to an image. Without them, the model
   * receives the stored outputs of earlier turns as text or JSON.
   */
  tools?: Tools | undefined;
  /** Receives the error if the answer could not be appended after all retries. Default: `console.error`. */
  onAppendError?: ((error: unknown) => void) | undefined;
  /** Receives the errors of the answer. A text that it returns is sent to the client; default `An error occurred.` */
  onError?: ((error: unknown) => unknown) | undefined;
  /** Creates the id of a new answer, for the client and the log. Default: a random UUID. */
  generateMessageId?: (() => string) | undefined;
  /** Of several requests with the same key, only the first answer is appended; another answer is a `ConflictError`. Default: a new key. */
  idempotencyKey?: string | undefined;
  /**
   * Report with the answer how many input tokens the provider has counted, so that the service learns how the model counts. Set it to
   * `false` if the handler sends other messages than those it receives. Without the AI SDK, nothing is reported. Default true.
   */
  reportUsage?: boolean | undefined;
  /** Further options for the AI SDK's `toUIMessageStream`, such as `sendReasoning`, `sendSources`, `messageMetadata`. */
  uiMessageStream?: Record<string, any> | undefined;
  /** Ends the reading of the window and of the answer, like an abort of the model. A client that disconnects does not abort anything. */
  signal?: AbortSignal | undefined;
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
   * The position of the answer in the log; of its last event, if it is several. Null if nothing is appended: `autoAppend` is off, or the
   * answer failed or was aborted in its first step. Rejects with the error of the append; an unhandled rejection is harmless.
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
