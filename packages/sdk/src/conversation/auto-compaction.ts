import { compact, wholeSummaries } from './compact.js';
import type { RemoteConversation } from './remote-conversation.js';
import { ConflictError } from '../errors.js';
import type { Mutexes } from './keyed-mutex.js';
import type { AutoCompact, AutoCompactOptions, Window, WindowOptions } from '../types.js';

/** Tries of one call: the conversation may change while the handler is thinking. */
const MAX_TRIES = 2;

/** Compacts windows that need it, one at a time per conversation. */
export class AutoCompaction {
  constructor(
    private readonly mutexes: Mutexes,
    private readonly handler: AutoCompact,
    private readonly options: AutoCompactOptions,
  ) {}

  /**
   * The window after its compaction; as it is, if the handler wants none, or if the conversation changes faster than it can be
   * compacted, or if it is the handler that asks. It may still need compaction.
   *
   * @throws what the handler throws, FastpacaError; nothing with `onError`
   */
  async apply(conversation: RemoteConversation, window: Window, options: WindowOptions): Promise<Window> {
    if (this.mutexes.isHeldByCaller(conversation.id)) return window;
    // The window asked for was read and checked; the one after a compaction is of a later version.
    const read = () => conversation.window({ ...options, ifVersion: undefined });
    return this.mutexes.run(conversation.id, async (waited) =>
      this.compacted(conversation, waited ? await read() : window, read),
    );
  }

  private async compacted(
    conversation: RemoteConversation,
    first: Window,
    read: () => Promise<Window>,
  ): Promise<Window> {
    let window = first;
    for (let tries = 0; window.needsCompaction && tries < MAX_TRIES; tries += 1) {
      try {
        const plan = await this.handler(window);
        if (!plan) return window;
        const ifVersion = window.version;
        await compact(
          conversation,
          'messages' in plan
            ? { ...plan, ifVersion }
            : { ...wholeSummaries(plan, window.segments), ifVersion },
        );
        return await read();
      } catch (error) {
        if (!(error instanceof ConflictError)) return this.failed(error, window);
        if (error.reason === 'tombstoned') return window;
        window = await read();
      }
    }
    return window;
  }

  private failed(error: unknown, window: Window): Window {
    if (!this.options.onError) throw error;
    this.options.onError(error);
    return window;
  }
}
