/** A running task, and the tasks that it runs inside. */
interface RunningTask {
  key: string;
  hasEnded: boolean;
  outer?: RunningTask;
}

/** A mutex per key, within this process. */
export class KeyedMutex {
  /** For each key in use, the end of its last task. */
  private readonly lastTasks = new Map<string, Promise<unknown>>();
  private readonly currentTask = createAsyncLocalStorage<RunningTask>();

  /**
   * Runs `task` after all earlier tasks of the key have ended.
   *
   * @param task receives whether it had to wait
   */
  async run<Result>(key: string, task: (hasWaited: boolean) => Promise<Result>): Promise<Result> {
    const running: RunningTask = { key, hasEnded: false, outer: this.currentTask?.getStore() };
    const start = (hasWaited: boolean) =>
      this.currentTask ? this.currentTask.run(running, () => task(hasWaited)) : task(hasWaited);
    const previous = this.lastTasks.get(key);
    const result = previous ? previous.then(() => start(true)) : start(false);
    const ended = result.catch(() => undefined);
    this.lastTasks.set(key, ended);
    try {
      return await result;
    } finally {
      running.hasEnded = true;
      if (this.lastTasks.get(key) === ended) this.lastTasks.delete(key);
    }
  }

  /** Whether the caller runs inside a task of the key, and would wait for itself. Always false if the runtime has no `AsyncLocalStorage`. */
  isHeldByCaller(key: string): boolean {
    for (let task = this.currentTask?.getStore(); task; task = task.outer) {
      if (task.key === key && !task.hasEnded) return true;
    }
    return false;
  }
}

interface AsyncLocalStorage<Store> {
  getStore(): Store | undefined;
  run<Result>(store: Store, task: () => Result): Result;
}

/** Available in Node.js, Bun and Deno. Loaded at run time, so that no bundler tries to resolve the module. */
function createAsyncLocalStorage<Store>(): AsyncLocalStorage<Store> | undefined {
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
