import type { Part } from '../types.js';

/** An answer, as a `UIMessage` of the AI SDK. */
export interface AnswerMessage {
  id: string;
  parts: Part[];
  metadata?: unknown;
}
