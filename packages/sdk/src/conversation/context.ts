import type { AutoCompact, AutoCompactOptions, Conversation } from '../types.js';
import { AutoCompaction } from './auto-compaction.js';
import { ContextOperations, type ContextState } from './context-operations.js';

/** A conversation whose settings have been sent. `await client.context(id)` creates it. */
export class Context extends ContextOperations {
  readonly #state: ContextState;

  constructor(state: ContextState) {
    super(state);
    this.#state = state;
  }

  protected prepare(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Compacts windows that need it before they are returned. This happens in this process; other calls for the conversation wait until
   * the handler has ended. A window that the handler itself reads is returned uncompacted. In a runtime without `AsyncLocalStorage`
   * such a read would wait for itself.
   *
   * @returns this context
   */
  autoCompact(handler: AutoCompact, options: AutoCompactOptions = {}): this {
    this.#state.autoCompaction = new AutoCompaction(this.#state.compactionMutex, handler, options);
    return this;
  }

  /** Merges the patch into the conversation's metadata. A key set to null is removed. The version does not change. */
  async metadata(patch: Record<string, unknown>): Promise<Conversation> {
    return this.#state.conversation.patchMetadata(patch);
  }
}
