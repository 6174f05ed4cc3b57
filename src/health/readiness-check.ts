import { isError } from '../common/errors/is-error.js';
import { log } from '../common/logging/logger.js';
import { withTimeLimit } from '../common/time-limit.js';
import { DEFAULT_READINESS_TIMEOUT_MS, type ReadinessIndicator } from './readiness-indicator.js';

/** Runs one indicator within its time limit, and logs when its result changes. */
export class ReadinessCheck {
  /** The call that is running, or undefined. */
  private running?: Promise<void>;
  private isFailing = false;

  constructor(
    readonly name: string,
    readonly indicator: ReadinessIndicator,
  ) {}

  /** @returns whether the indicator succeeds */
  async run(): Promise<boolean> {
    const timeoutMs = this.indicator.timeoutMs ?? DEFAULT_READINESS_TIMEOUT_MS;
    try {
      this.running ??= this.startCall();
      await withTimeLimit(this.running, timeoutMs, () => new Error(`took longer than ${timeoutMs} ms`));
    } catch (error) {
      this.logFailure(error);
      return false;
    }
    this.logSuccess();
    return true;
  }

  /** `check` may throw synchronously or return nothing: `then` makes a promise of both. */
  private startCall(): Promise<void> {
    return Promise.resolve()
      .then(() => this.indicator.check())
      .finally(() => (this.running = undefined));
  }

  private logFailure(error: unknown): void {
    if (this.isFailing) return;
    this.isFailing = true;
    const { message, cause } = isError(error) ? error : { message: String(error) };
    log.warn({ indicator: this.name, err: cause ?? error }, `not ready: "${this.name}" fails: ${message}`);
  }

  private logSuccess(): void {
    if (!this.isFailing) return;
    this.isFailing = false;
    log.info({ indicator: this.name }, `"${this.name}" succeeds again`);
  }
}
