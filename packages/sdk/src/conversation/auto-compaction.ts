import { ConflictError } from '../errors.js';
import type {
  AutoCompact,
  AutoCompactOptions,
  AutoCompaction as Compaction,
  Window,
  WindowMessage,
  WindowOptions,
} from '../types.js';
import { compact, compactWhole, includeWholeSummary } from './compact.js';
import type { KeyedMutex } from './keyed-mutex.js';
import { leadingSystemMessages } from './older-messages.js';
import type { RemoteConversation } from '../http/remote-conversation.js';

/** Calls of the handler per window that is read. The second one happens if the conversation changed during the first. */
const MAX_ATTEMPTS = 2;

/** Compacts windows that need it, one at a time per conversation. */
export class AutoCompaction {
  constructor(
    private readonly mutex: KeyedMutex,
    private readonly handler: AutoCompact,
    private readonly options: AutoCompactOptions,
  ) {}

  /**
   * Compacts and returns the new window, which may still need compaction. Returns the window uncompacted if the handler returns
   * nothing, if the conversation changes during every attempt, or if the caller is the handler itself.
   *
   * @throws what the handler throws, or FastpacaError; nothing if there is an `onError`
   */
  async apply(conversation: RemoteConversation, window: Window, options: WindowOptions): Promise<Window> {
    if (this.mutex.isHeldByCaller(conversation.id)) return window;
    // `ifVersion` was checked when `window` was read. Compacting changes the version.
    const readWindow = () => conversation.window({ ...options, ifVersion: undefined });
    return this.mutex.run(conversation.id, async (hasWaited) =>
      this.compactWindow(conversation, hasWaited ? await readWindow() : window, readWindow),
    );
  }

  private async compactWindow(
    conversation: RemoteConversation,
    firstWindow: Window,
    readWindow: () => Promise<Window>,
  ): Promise<Window> {
    let window = firstWindow;
    for (let attempt = 0; window.needsCompaction && attempt < MAX_ATTEMPTS; attempt += 1) {
      try {
        const compaction = await this.handler(window);
        if (!compaction || !(await compactBehindSystem(conversation, compaction, window))) return window;
        return await readWindow();
      } catch (error) {
        if (!(error instanceof ConflictError)) return this.handleError(error, window);
        if (error.reason === 'tombstoned') return window;
        window = await readWindow();
      }
    }
    return window;
  }

  private handleError(error: unknown, window: Window): Window {
    if (!this.options.onError) throw error;
    this.options.onError(error);
    return window;
  }
}

/**
 * Compacts a window without its leading system messages: instructions must not become a summary.
 *
 * @returns false if nothing is left of the range
 */
async function compactBehindSystem(
  conversation: RemoteConversation,
  compaction: Compaction,
  { messages, segments, version: ifVersion }: Window,
): Promise<boolean> {
  const leading = leadingSystemMessages(messages);
  const firstSeq = (leading.at(-1)?.seq ?? 0) + 1;
  if ('messages' in compaction) {
    const replacement = compaction.messages.filter((message) => !leading.includes(message as WindowMessage));
    await compactWhole(conversation, { messages: replacement, ifVersion }, firstSeq);
    return true;
  }
  const range = includeWholeSummary(compaction, segments);
  const fromSeq = Math.max(range.fromSeq, firstSeq);
  if (fromSeq > range.toSeq) return false;
  await compact(conversation, { ...range, fromSeq, ifVersion, snap: true });
  return true;
}
