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
/** The chunks that continue the chunk before them, and the field that they continue. */
const DELTAS = new Map([
  ['text-delta', 'delta'],
  ['reasoning-delta', 'delta'],
  ['tool-input-delta', 'inputTextDelta'],
]);

/**
 * Determines from its chunks whether an answer is complete, and if not, how far it got. The callbacks and fields of the AI SDK cannot
 * tell: its major versions call and fill them differently for errors, aborts and providers that break off.
 */
export class AnswerRecorder {
  /** The answer was aborted, by the signal of the model or of the stream. */
  isAborted = false;
  /** The steps that ended without an error. A step is one call of the model and the tools that it calls. */
  finishedSteps = 0;
  /** The chunks that make the message. Deltas that follow each other are one chunk. */
  readonly chunks: Chunk[] = [];
  private hasFinished = false;
  private hasFailed = false;
  private readonly openParts = new Set<unknown>();

  add(chunk: Chunk): void {
    const startedBy = PART_STARTS.get(chunk.type);
    if (startedBy) this.openParts.add(chunk[startedBy]);
    const endedBy = PART_ENDS.get(chunk.type);
    if (endedBy) this.openParts.delete(chunk[endedBy]);
    if (chunk.type === 'abort') this.isAborted = true;
    if (chunk.type === 'error') this.hasFailed = true;
    if (chunk.type === 'finish-step' && this.isIntact) this.finishedSteps += 1;
    if (chunk.type === 'finish') {
      this.hasFinished = true;
      this.hasFailed ||= chunk.finishReason === 'error';
    }
    if (chunk.type !== 'abort' && chunk.type !== 'error') this.record(chunk);
  }

  /** The model finished, and every part that it started has ended. An answer that reached its length limit is complete, too. */
  get isComplete(): boolean {
    return this.hasFinished && this.isIntact;
  }

  private get isIntact(): boolean {
    return !this.hasFailed && !this.isAborted && this.openParts.size === 0;
  }

  private record(chunk: Chunk): void {
    const last = this.chunks.at(-1);
    const delta = DELTAS.get(chunk.type);
    const continues =
      delta !== undefined &&
      last?.type === chunk.type &&
      last.id === chunk.id &&
      last.toolCallId === chunk.toolCallId &&
      chunk.providerMetadata === undefined;
    if (continues) last[delta] = String(last[delta]) + String(chunk[delta]);
    else this.chunks.push({ ...chunk });
  }
}
