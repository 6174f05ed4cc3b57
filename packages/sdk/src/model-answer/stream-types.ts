import type { SystemMessages } from './system-messages.js';
import type { Window } from '../types.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- what is `any` is assignable to the types of every AI SDK major */

/**
 * Calls the model, and returns what it gives: the result of `streamText`, or text as `AsyncIterable<string>` or
 * `ReadableStream<string>`.
 *
 * @param messages the window as `ModelMessage`s. A tool call and its result are in it only together, and no message is empty.
 */
export type StreamHandler<Result = any> = (
  messages: any[],
  context: StreamHandlerContext,
) => Result | PromiseLike<Result>;

export interface StreamHandlerContext {
  window: Window;
  /** The window as `UIMessage`s, system messages included: what `useChat` shows, and what `messages` are made of. */
  uiMessages: any[];
  /** The text of the system messages if they are hoisted, else undefined. */
  system: string | undefined;
  /** The one of the options: give it to the model as `abortSignal`, so that it stops too. */
  signal: AbortSignal | undefined;
}

export interface StreamOptions {
  /** Append the answer when it is complete, also if the client has gone. `false`: append nothing, read only what is asked for. Default true. */
  autoAppend?: boolean;
  /** What becomes of an aborted answer: `save` appends its text so far, with `aborted: true` in the metadata. Default `discard`. */
  onAbort?: 'discard' | 'save';
  /** Where system messages of the window go, such as the summaries of compactions. Default `auto`. */
  systemMessages?: SystemMessages;
  /** Told why a complete answer could not be appended, after the retries. Without it, it is written to the console. */
  onAppendError?: (error: unknown) => void;
  /** Told what went wrong while the model answered. A text it returns is what the client is told; default `An error occurred.` */
  onError?: (error: unknown) => unknown;
  /** Id of the answer, for the client and in the log. Default a random UUID. */
  generateMessageId?: () => string;
  /** Of repeated requests with one key only the first answer is appended; another is a `ConflictError`. Default a new key. */
  idempotencyKey?: string;
  /** Further options of the AI SDK's `toUIMessageStream`, such as `sendReasoning`, `sendSources`, `messageMetadata`. */
  uiMessageStream?: Record<string, any>;
  /** Ends the reading of the window and the answer, as an abort of the model does. A client that leaves does not abort anything. */
  signal?: AbortSignal;
}
