/** One queue per key, within this process. */
export class Mutexes {
  private readonly tails = new Map<string, Promise<unknown>>();

  /**
   * Runs `task` when all earlier ones of the key are done.
   *
   * @param task told whether there was one to wait for
   */
  async run<Result>(key: string, task: (waited: boolean) => Promise<Result>): Promise<Result> {
    const before = this.tails.get(key);
    const running = before ? before.then(() => task(true)) : task(false);
    const tail = running.catch(() => undefined);
    this.tails.set(key, tail);
    try {
      return await running;
    } finally {
      if (this.tails.get(key) === tail) this.tails.delete(key);
    }
  }
}
