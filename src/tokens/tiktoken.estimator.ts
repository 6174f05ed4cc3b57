import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { parseEstimatorName } from '../config/estimator-name.js';
import { familyOf } from './model-families.js';
import { piecePattern } from './piece-pattern.js';
import { TextCounter, type EncodingName } from './text-counter.js';
import type { TokenEstimator } from './token-estimator.js';
import { WorkerCounter } from './worker-counter.js';

/**
 * Longest text that is counted on the main thread, in UTF-16 units. 32 Ki units of English take 1–2 ms, and twice
 * that if one character is outside of Latin-1: V8 then scans a two-byte string.
 */
const SYNC_CHARS = 32 * 1024;

/** Steps after which the worker counts the rest of such a text: 2–3 ms if no piece is cached. */
const SYNC_STEPS = 15_000;

/** The encodings of model families; see model-families.ts. */
const MODEL_ENCODINGS: readonly EncodingName[] = ['o200k_base', 'cl100k_base', 'claude'];

/**
 * Counts with tiktoken, in the encoding of the model: exactly for models of OpenAI, with a factor over the encoding for others.
 * Special tokens are counted as plain text, a lone surrogate as U+FFFD, which replaces it in UTF-8. Counts of an encoding are exactly
 * tiktoken's unless a piece is longer than `MAX_PIECE_BYTES`.
 */
@Injectable()
export class TiktokenEstimator implements TokenEstimator, OnApplicationShutdown {
  readonly #encoding: EncodingName;
  readonly #pieces: ReadonlyMap<EncodingName, RegExp>;
  readonly #counters = new Map<EncodingName, TextCounter>();
  readonly #worker: WorkerCounter;

  /**
   * @param name `tiktoken:<model or encoding>`, for conversations without a model and for unknown models
   * @throws Error that lists the known names
   */
  constructor(name: string) {
    this.#encoding = parseEstimatorName(name);
    const encodings = new Set([this.#encoding, ...MODEL_ENCODINGS]);
    this.#pieces = new Map([...encodings].map((encoding) => [encoding, piecePattern(encoding)]));
    // V8 compiles the pattern during its first uses, once for one-byte and once for two-byte strings: 20 ms, before any
    // request arrives.
    for (const text of ['a', '…', 'a', '…']) this.#counterOf(this.#encoding).count(text);
    this.#worker = new WorkerCounter({ pieces: this.#pieces });
  }

  /** @returns not a whole number if the model has a factor: the caller rounds the sum of its texts */
  count(text: string, model?: string | null): number | Promise<number> {
    const { encoding = this.#encoding, factor } = familyOf(model);
    const tokens = this.#count(text, encoding);
    if (factor === 1) return tokens;
    return typeof tokens === 'number' ? tokens * factor : tokens.then((count) => count * factor);
  }

  forget(): void {
    this.#counters.clear();
    this.#worker.forget();
  }

  #count(text: string, encoding: EncodingName): number | Promise<number> {
    if (text.length > SYNC_CHARS) return this.#worker.count(text, encoding, 0);
    const { tokens, end } = this.#counterOf(encoding).count(text, { maxSteps: SYNC_STEPS });
    return end === text.length
      ? tokens
      : this.#worker.count(text, encoding, end).then((rest) => tokens + rest);
  }

  /** The first text of an encoding loads it, which takes 0.2–0.3 s once. */
  #counterOf(encoding: EncodingName): TextCounter {
    let counter = this.#counters.get(encoding);
    if (!counter) {
      counter = new TextCounter(encoding, this.#pieces.get(encoding) ?? piecePattern(encoding));
      this.#counters.set(encoding, counter);
    }
    return counter;
  }

  // Not onModuleDestroy, which Nest calls while requests are still in flight.
  onApplicationShutdown(): Promise<void> {
    return this.#worker.close();
  }
}
