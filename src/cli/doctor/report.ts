import { explain } from '../cli-error.js';

/** What a check has found: the text of its line, and a value for later checks. */
export interface Finding<T> {
  text: string;
  value: T;
}

/** Prints one line for each check. */
export class Report {
  private failures = 0;

  constructor(private readonly print: (line: string) => void) {}

  /** Whether no check has failed. */
  get isHealthy(): boolean {
    return this.failures === 0;
  }

  /**
   * Runs a check and prints its line. The message of an error must say what to do.
   *
   * @returns the value of the finding; undefined if the check has failed
   */
  async check<T>(name: string, run: () => Finding<T> | Promise<Finding<T>>): Promise<T | undefined> {
    try {
      const { text, value } = await run();
      this.print(`ok      ${name}: ${text}`);
      return value;
    } catch (error) {
      this.failures += 1;
      this.print(`failed  ${name}: ${explain(error)}`);
      return undefined;
    }
  }
}
