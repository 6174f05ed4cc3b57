import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';

/** Called when a conversation has changed. Must neither throw nor block. */
export type ChangeListener = (id: ConversationId) => void;

/**
 * Notifies the rest of this node that a conversation has changed: its log, compactions, settings or tombstone, on this
 * or another node. A notification can be lost and says nothing about the change: listeners read the database.
 */
@Injectable()
export class ConversationChanges {
  private readonly commitListeners = new Set<ChangeListener>();
  private readonly changeListeners = new Set<ChangeListener>();
  /** By the key of the conversation. */
  private readonly waiters = new Map<string, Set<() => void>>();

  /** Calls `listener` after every commit of this node. */
  onCommit(listener: ChangeListener): void {
    this.commitListeners.add(listener);
  }

  /** Calls `listener` for every change of any node. */
  onChange(listener: ChangeListener): void {
    this.changeListeners.add(listener);
  }

  /** Announces a change that this node has committed. */
  publishCommit(id: ConversationId): void {
    for (const listener of this.commitListeners) listener(id);
    this.publishChange(id);
  }

  /** Announces a change of any node. */
  publishChange(id: ConversationId): void {
    for (const listener of this.changeListeners) listener(id);
    for (const wake of this.waiters.get(id.key) ?? []) wake();
  }

  /** Resolves at the next change of the conversation, or after `timeoutMs`. */
  nextChange({ key }: ConversationId, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.waiters.get(key) ?? new Set();
      this.waiters.set(key, waiters);
      const wake = (): void => {
        clearTimeout(timer);
        waiters.delete(wake);
        if (waiters.size === 0 && this.waiters.get(key) === waiters) this.waiters.delete(key);
        resolve();
      };
      // Does not keep the process alive: the connection of the waiting request does.
      const timer = setTimeout(wake, timeoutMs).unref();
      waiters.add(wake);
    });
  }
}
