import type { Part } from '../types.js';
import type { Chunk } from './chunks.js';
import type { ModelCall } from './usage.js';

/** An answer as a `UIMessage` of the AI SDK. */
export interface AnswerMessage {
  id: string;
  parts: Part[];
  metadata?: unknown;
}

/** An answer, whichever way the handler returned it. */
export interface AnswerSource {
  readonly id: string;
  /** The text, as the model produces it. */
  text(): AsyncIterable<string>;
  /** The whole answer. Can be called once. */
  chunks(): ReadableStream<Chunk>;
  /** The whole message. Undefined before the chunks have ended. */
  message(): AnswerMessage | undefined;
  /** The first call of the model; undefined before it has ended, and if it is not known. */
  call(): ModelCall | undefined;
  /** The message that these chunks make; of an interrupted answer, the part that was received. */
  partialMessage(chunks: readonly Chunk[]): Promise<AnswerMessage | undefined>;
}
