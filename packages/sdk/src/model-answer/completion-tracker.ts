import type { Chunk } from './chunks.js';

/** Parts of a message that come piece by piece: what begins and what ends them. */
const BEGINNINGS = new Map([
  ['text-start', 'id'],
  ['reasoning-start', 'id'],
  ['tool-input-start', 'toolCallId'],
]);
const ENDINGS = new Map([
  ['text-end', 'id'],
  ['reasoning-end', 'id'],
  ['tool-input-available', 'toolCallId'],
  ['tool-input-error', 'toolCallId'],
]);

/**
 * How an answer went, told by its chunks. The callbacks and fields of the AI SDK do not tell: across its majors they are called, and
 * filled in, differently for errors, aborts and providers that break off.
 */
export class Recorder {
  /** The text so far, if it is kept. */
  text = '';
  /** It was aborted, by the model's signal or by that of the stream. */
  isAborted = false;
  private hasFinished = false;
  private hasFailed = false;
  private readonly open = new Set<unknown>();

  constructor(private readonly keepsText: boolean) {}

  see(chunk: Chunk): void {
    const beginning = BEGINNINGS.get(chunk.type);
    if (beginning) this.open.add(chunk[beginning]);
    const ending = ENDINGS.get(chunk.type);
    if (ending) this.open.delete(chunk[ending]);
    if (this.keepsText && chunk.type === 'text-delta') this.text += String(chunk.delta);
    if (chunk.type === 'abort') this.isAborted = true;
    if (chunk.type === 'error') this.hasFailed = true;
    if (chunk.type === 'finish') {
      this.hasFinished = true;
      this.hasFailed ||= chunk.finishReason === 'error';
    }
  }

  /** The model came to its end, and everything it began is there. One that ran into its length limit did so, too. */
  get isComplete(): boolean {
    return this.hasFinished && !this.hasFailed && !this.isAborted && this.open.size === 0;
  }
}
