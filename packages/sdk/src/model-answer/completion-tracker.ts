import type { Chunk } from './chunks.js';

/** The chunks that start and end a part of a message, and the field that identifies the part. */
const PART_STARTS = new Map([
  ['text-start', 'id'],
  ['reasoning-start', 'id'],
  ['tool-input-start', 'toolCallId'],
]);
const PART_ENDS = new Map([
  ['text-end', 'id'],
  ['reasoning-end', 'id'],
  ['tool-input-available', 'toolCallId'],
  ['tool-input-error', 'toolCallId'],
]);

/**
 * Determines from its chunks whether an answer is complete. The callbacks and fields of the AI SDK cannot tell: its major versions call
 * and fill them differently for errors, aborts and providers that break off.
 */
export class CompletionTracker {
  /** The text so far; empty unless `collectsText`. */
  text = '';
  /** The answer was aborted, by the signal of the model or of the stream. */
  isAborted = false;
  private hasFinished = false;
  private hasFailed = false;
  private readonly openParts = new Set<unknown>();

  constructor(private readonly collectsText: boolean) {}

  add(chunk: Chunk): void {
    const startedBy = PART_STARTS.get(chunk.type);
    if (startedBy) this.openParts.add(chunk[startedBy]);
    const endedBy = PART_ENDS.get(chunk.type);
    if (endedBy) this.openParts.delete(chunk[endedBy]);
    if (this.collectsText && chunk.type === 'text-delta') this.text += String(chunk.delta);
    if (chunk.type === 'abort') this.isAborted = true;
    if (chunk.type === 'error') this.hasFailed = true;
    if (chunk.type === 'finish') {
      this.hasFinished = true;
      this.hasFailed ||= chunk.finishReason === 'error';
    }
  }

  /** The model finished, and every part that it started has ended. An answer that reached its length limit is complete, too. */
  get isComplete(): boolean {
    return this.hasFinished && !this.hasFailed && !this.isAborted && this.openParts.size === 0;
  }
}
