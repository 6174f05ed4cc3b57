import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { log } from '../common/logging/logger.js';
import type { CountProgress, EncodingName } from './text-counter.js';
import type { SliceTask, SliceWorkerData } from './text-slice.worker.js';

const WORKER_FILE = fileURLToPath(new URL(`text-slice.worker${extname(import.meta.url)}`, import.meta.url));

/**
 * UTF-16 units per slice that is sent to the worker. Copying a slice blocks the event loop for well under 1 ms. The
 * slices of concurrent texts alternate: no text waits for the whole of another one (a hostile slice takes 0.1 s).
 */
const SLICE_CHARS = 256 * 1024;

/** An idle worker is stopped after this time: it occupies about 55 MB and starts in 0.3 s. */
const IDLE_TIMEOUT_MS = 30_000;

/**
 * Counts texts on one worker thread, which starts with the first text. An idle worker does not keep the process
 * alive.
 */
export class WorkerCounter {
  readonly #pool: Piscina<SliceTask | 'forget', CountProgress>;

  constructor(workerData: SliceWorkerData) {
    this.#pool = new Piscina<SliceTask | 'forget', CountProgress>({
      filename: WORKER_FILE,
      workerData,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: IDLE_TIMEOUT_MS,
      recordTiming: false,
    });
    // An idle worker has died; the next count starts a new one.
    this.#pool.on('error', (error) =>
      log.warn({ err: error }, 'the worker thread that counts tokens has died'),
    );
  }

  /**
   * Tokens of `text` from `start` to its end. Rejects if the worker dies.
   *
   * @param start index of the beginning of a piece, in UTF-16 units
   */
  async count(text: string, encoding: EncodingName, start: number): Promise<number> {
    let tokens = 0;
    for (let end = start; end < text.length;) {
      const slice = text.slice(end, end + SLICE_CHARS);
      const isLast = end + slice.length === text.length;
      const counted = await this.#pool.run({ text: slice, encoding, isLast });
      tokens += counted.tokens;
      end += counted.end;
    }
    return tokens;
  }

  /** Drops the texts that the worker has cached. */
  forget(): void {
    // A thread that has not started has none. One that dies meanwhile takes them with it.
    if (this.#pool.threads.length > 0) this.#pool.run('forget').catch(() => undefined);
  }

  /** Stops the thread; pending counts are rejected. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
