/** Runs named checks one after the other, prints the outcome of each, and counts. */
export class Checks {
  passed = 0;
  failed = 0;

  /** @returns whether `body` ended without an error */
  async check(title, body) {
    try {
      await body();
      this.passed += 1;
      console.log(`ok      ${title}`);
      return true;
    } catch (error) {
      this.failed += 1;
      console.log(`FAILED  ${title}\n${error.stack ?? error}`);
      return false;
    }
  }
}
