import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';

/** Called when a conversation has changed. Must not throw and must not wait. */
export type ChangeListener = (id: ConversationId) => void;

/**
 * Tells the rest of this node that a conversation has changed: log, compactions, settings or tombstone, here or on another
 * node. Only a wake-up, and one that may be missing: what changed is in the database.
 */
@Injectable()
export class ConversationChanges {
  private readonly anywhere = new Set<ChangeListener>();
  private readonly here = new Set<ChangeListener>();
  private readonly waiting = new Map<string, Set<() => void>>();

  /** `listener` is called for the changes that this node has committed. */
  onCommit(listener: ChangeListener): void {
    this.here.add(listener);
  }

  /** `listener` is called for all changes this node hears of. */
  onChange(listener: ChangeListener): void {
    this.anywhere.add(listener);
  }

  /** This node has committed a change. */
  committed(id: ConversationId): void {
    for (const listener of this.here) listener(id);
    this.heard(id);
  }

  /** There was a change, on whichever node. */
  heard(id: ConversationId): void {
    for (const listener of this.anywhere) listener(id);
    for (const wake of this.waiting.get(id.key) ?? []) wake();
  }

  /** Resolves at the next change that this node hears of, or after `timeoutMs`. */
  next({ key }: ConversationId, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.waiting.get(key) ?? new Set();
      this.waiting.set(key, waiting);
      const wake = (): void => {
        clearTimeout(timer);
        waiting.delete(wake);
        if (waiting.size === 0 && this.waiting.get(key) === waiting) this.waiting.delete(key);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs).unref(); // a request that waits keeps the process by its connection
      waiting.add(wake);
    });
  }
}
