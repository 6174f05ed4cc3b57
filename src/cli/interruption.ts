import { constants } from 'node:os';

/** Aborted by the first SIGINT, SIGTERM or SIGHUP; the command then cleans up and ends. A second signal ends the process at once. */
export class Interruption {
  private readonly controller = new AbortController();
  private received?: NodeJS.Signals;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (this.received) process.exit(this.exitCode);
        this.received = signal;
        this.controller.abort(new Error(`interrupted by ${signal}`));
      });
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Exit code that shells use for a program that a signal has ended; undefined if no signal was received. */
  get exitCode(): number | undefined {
    return this.received && 128 + constants.signals[this.received];
  }
}
