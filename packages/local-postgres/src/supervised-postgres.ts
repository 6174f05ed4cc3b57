import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.js';

/** Delays before the attempts to restart the server, in milliseconds; the last delay repeats. */
const RESTART_DELAYS_MS = [0, 500, 2000, 5000];

export interface SupervisedPostgresOptions extends EmbeddedPostgresOptions {
  /** Called before each restart of a server that exited; `attempt` counts from 0. */
  onExit?: (attempt: number) => void;
  /** Called when a restart failed; another attempt follows. */
  onRestartError?: (error: unknown) => void;
}

/** An embedded server that is restarted, on the same port and socket, when it exits without `stop()`. */
export class SupervisedPostgres {
  private stopped = false;
  private restarting: Promise<void> = Promise.resolve();

  private constructor(
    private current: EmbeddedPostgres,
    private readonly options: SupervisedPostgresOptions,
  ) {
    this.watch();
  }

  /** @throws EmbeddedPostgresError with one line: the problem, and what to do about it */
  static async start(options: SupervisedPostgresOptions): Promise<SupervisedPostgres> {
    const first = await EmbeddedPostgres.start(options);
    return new SupervisedPostgres(first, { ...options, port: first.port, socket: first.socket });
  }

  /** The same after a restart. */
  get url(): string {
    return this.current.url;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.restarting;
    await this.current.stop();
  }

  private watch(): void {
    void this.current.exited.then(() => (this.restarting = this.restart()));
  }

  private async restart(): Promise<void> {
    for (let attempt = 0; !this.stopped; attempt += 1) {
      this.options.onExit?.(attempt);
      await delay(RESTART_DELAYS_MS[Math.min(attempt, RESTART_DELAYS_MS.length - 1)]);
      try {
        this.current = await EmbeddedPostgres.start(this.options);
        this.watch();
        return;
      } catch (error) {
        this.options.onRestartError?.(error);
      }
    }
  }
}
