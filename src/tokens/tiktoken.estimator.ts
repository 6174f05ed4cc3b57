import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { parseEstimatorName } from '../config/estimator-name.js';
import { piecePattern } from './piece-pattern.js';
import { TextCounter } from './text-counter.js';
import type { TokenEstimator } from './token-estimator.js';
import { WorkerCounter } from './worker-counter.js';

/**
 * Longest text that is counted on the main thread, in UTF-16 units. 32 Ki units of English take 1–2 ms, and twice
 * that if one character is outside of Latin-1: V8 then scans a two-byte string.
 */
const SYNC_CHARS = 32 * 1024;

/** Steps after which the worker counts the rest of such a text: 2–3 ms if no piece is cached. */
const SYNC_STEPS = 15_000;

/**
 * Counts with OpenAI's tiktoken. Special tokens are counted as plain text, a lone surrogate as U+FFFD, which replaces
 * it in UTF-8. Counts are exactly tiktoken's unless a piece is longer than `MAX_PIECE_BYTES`.
 */
@Injectable()
export class TiktokenEstimator implements TokenEstimator, OnApplicationShutdown {
  readonly #counter: TextCounter;
  readonly #worker: WorkerCounter;

  /**
   * @param name `tiktoken:<model or encoding>`
   * @throws Error that lists the known names
   */
  constructor(name: string) {
    const encoding = parseEstimatorName(name);
    const pieces = piecePattern(encoding);
    this.#counter = new TextCounter(encoding, pieces);
    // V8 compiles the pattern during its first uses, once for one-byte and once for two-byte strings: 20 ms, before any
    // request arrives.
    for (const text of ['a', '…', 'a', '…']) this.#counter.count(text);
    this.#worker = new WorkerCounter({ encoding, pieces });
  }

  count(text: string): number | Promise<number> {
    if (text.length > SYNC_CHARS) return this.#worker.count(text, 0);
    const { tokens, end } = this.#counter.count(text, { maxSteps: SYNC_STEPS });
    return end === text.length ? tokens : this.#worker.count(text, end).then((rest) => tokens + rest);
  }

  // Not onModuleDestroy, which Nest calls while requests are still in flight.
  onApplicationShutdown(): Promise<void> {
    return this.#worker.close();
  }
}
