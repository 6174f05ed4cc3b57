/** A task that has a key, and those it runs within. */
interface Hold {
  key: string;
  isOver: boolean;
  outer?: Hold;
}

/** One queue per key, within this process. */
export class Mutexes {
  private readonly tails = new Map<string, Promise<unknown>>();
  private readonly holds = asyncLocalStorage<Hold>();

  /**
   * Runs `task` when all earlier ones of the key are done.
   *
   * @param task told whether there was one to wait for
   */
  async run<Result>(key: string, task: (waited: boolean) => Promise<Result>): Promise<Result> {
    const hold: Hold = { key, isOver: false, outer: this.holds?.getStore() };
    const held = (waited: boolean) => (this.holds ? this.holds.run(hold, () => task(waited)) : task(waited));
    const before = this.tails.get(key);
    const running = before ? before.then(() => held(true)) : held(false);
    const tail = running.catch(() => undefined);
    this.tails.set(key, tail);
    try {
      return await running;
    } finally {
      hold.isOver = true;
      if (this.tails.get(key) === tail) this.tails.delete(key);
    }
  }

  /** Whether the caller is within a task of the key, and would wait for itself. Never, where the runtime cannot tell. */
  isHeldByCaller(key: string): boolean {
    for (let hold = this.holds?.getStore(); hold; hold = hold.outer) {
      if (hold.key === key && !hold.isOver) return true;
    }
    return false;
  }
}

interface AsyncLocalStorage<Store> {
  getStore(): Store | undefined;
  run<Result>(store: Store, task: () => Result): Result;
}

/** Node.js, Bun and Deno know on whose behalf code runs. Asked for at run time, so that no bundler looks for the module. */
function asyncLocalStorage<Store>(): AsyncLocalStorage<Store> | undefined {
  const { process } = globalThis as {
    process?: {
      getBuiltinModule?: (
        name: string,
      ) => { AsyncLocalStorage?: new () => AsyncLocalStorage<Store> } | undefined;
    };
  };
  const { AsyncLocalStorage } = process?.getBuiltinModule?.('node:async_hooks') ?? {};
  return AsyncLocalStorage && new AsyncLocalStorage();
}
