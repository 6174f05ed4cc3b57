import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { log } from '../common/logging/logger.js';
import type { CountProgress } from './text-counter.js';
import type { SliceTask, SliceWorkerData } from './text-slice.worker.js';

const WORKER_FILE = fileURLToPath(new URL(`text-slice.worker${extname(import.meta.url)}`, import.meta.url));

/**
 * UTF-16 units sent to the worker at a time: copying them holds the event loop for well under 1 ms, and texts counted
 * at the same time take turns, so that none waits for the whole of another (a hostile slice takes 0.1 s).
 */
const SLICE_CHARS = 256 * 1024;

/** How long an unused worker is kept: it starts in 0.3 s and holds some 55 MB. */
const IDLE_TIMEOUT_MS = 30_000;

/** Counts texts on one worker thread, which is started by the first and never keeps the process alive when idle. */
export class WorkerCounter {
  readonly #pool: Piscina<SliceTask, CountProgress>;

  constructor(workerData: SliceWorkerData) {
    this.#pool = new Piscina<SliceTask, CountProgress>({
      filename: WORKER_FILE,
      workerData,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: IDLE_TIMEOUT_MS,
      recordTiming: false,
    });
    // A worker that dies while it counts nothing: the next count starts another.
    this.#pool.on('error', (error) => log.warn({ err: error }, 'the worker that counts tokens has ended'));
  }

  /** Tokens of `text` from `start` on, the beginning of a piece, in UTF-16 units. Rejects if the worker dies. */
  async count(text: string, start: number): Promise<number> {
    let tokens = 0;
    for (let end = start; end < text.length;) {
      const slice = text.slice(end, end + SLICE_CHARS);
      const counted = await this.#pool.run({ text: slice, last: end + slice.length === text.length });
      tokens += counted.tokens;
      end += counted.end;
    }
    return tokens;
  }

  /** Stops the thread; counts under way are rejected. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
