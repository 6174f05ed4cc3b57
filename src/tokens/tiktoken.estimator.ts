import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { parseEstimatorName } from '../config/estimator-name.js';
import { piecePattern } from './piece-pattern.js';
import { TextCounter } from './text-counter.js';
import type { TokenEstimator } from './token-estimator.js';
import { WorkerCounter } from './worker-counter.js';

export { parseEstimatorName };

/**
 * UTF-16 units up to which a text is counted at once. 32 Ki of English take 1–2 ms, twice that if one character of
 * them is beyond Latin-1: V8 then scans a wider string.
 */
const SYNC_CHARS = 32 * 1024;

/** Work after which the rest of such a text goes to the worker too: 2–3 ms for text that is all unseen pieces. */
const SYNC_STEPS = 15_000;

/**
 * Counts with OpenAI's tiktoken. Special tokens are plain text; a lone surrogate counts as U+FFFD, which is what
 * UTF-8 makes of it. Exactly tiktoken's numbers while no unbroken run is longer than `MAX_PIECE_BYTES`.
 */
@Injectable()
export class TiktokenEstimator implements TokenEstimator, OnApplicationShutdown {
  readonly #counter: TextCounter;
  readonly #worker: WorkerCounter;

  /**
   * @param name `tiktoken:<model or encoding>`
   * @throws Error listing the known names
   */
  constructor(name: string) {
    const encoding = parseEstimatorName(name);
    const pieces = piecePattern(encoding);
    this.#counter = new TextCounter(encoding, pieces);
    // V8 compiles the pattern at its first uses, for each width of string anew: 20 ms that no request should wait for.
    for (const text of ['a', '…', 'a', '…']) this.#counter.count(text);
    this.#worker = new WorkerCounter({ encoding, pieces });
  }

  count(text: string): number | Promise<number> {
    if (text.length > SYNC_CHARS) return this.#worker.count(text, 0);
    const { tokens, end } = this.#counter.count(text, { maxSteps: SYNC_STEPS });
    return end === text.length ? tokens : this.#worker.count(text, end).then((rest) => tokens + rest);
  }

  // Not onModuleDestroy: Nest calls that before the server has answered the requests it still holds.
  onApplicationShutdown(): Promise<void> {
    return this.#worker.close();
  }
}
