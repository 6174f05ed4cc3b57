import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { log } from '../common/logging/logger.js';

/** What has changed: events were appended, a range was compacted, settings or metadata were written, or it was deleted or erased. */
export type ChangeKind = 'append' | 'compaction' | 'settings' | 'metadata' | 'tombstone' | 'erasure';

/** A change that this node has committed. */
export interface CommittedChange {
  id: ConversationId;
  /** The version that the change gave the conversation. Only `append` and `compaction` change it. */
  version: number;
  kind: ChangeKind;
}

/** Called when a conversation has changed. Must neither throw nor block. */
type ChangeListener = (id: ConversationId) => void;
type CommitListener = (change: CommittedChange) => void;

/**
 * Notifies the rest of this node that a conversation has changed: its log, compactions, settings or tombstone, on this
 * or another node. A notification can be lost and says nothing about the change: listeners read the database.
 */
@Injectable()
export class ConversationChanges {
  private readonly commitListeners = new Set<CommitListener>();
  private readonly changeListeners = new Set<ChangeListener>();
  /** By the key of the conversation. */
  private readonly waiters = new Map<string, Set<() => void>>();

  /** @internal Calls `listener` after every commit of this node. */
  onCommit(listener: CommitListener): void {
    this.commitListeners.add(listener);
  }

  /**
   * Calls `listener` once for every change that this node commits, after the commit and not before the caller has its
   * result. With several nodes, exactly the node that committed a change reports it.
   *
   * It is for reactions that may be lost, such as a cache or a webhook: a node that is killed reports nothing for its last
   * commits, and nothing is repeated. To miss no change, follow the stream of a conversation with a cursor. An error of
   * the listener is logged and changes nothing; later changes do not wait for its promise.
   *
   * @returns a function that ends the subscription
   */
  subscribe(listener: (change: CommittedChange) => unknown): () => void {
    const notify = async (change: CommittedChange) => {
      await Promise.resolve(); // after the code that committed the change has gone on
      try {
        await listener(change);
      } catch (error) {
        log.error({ err: error, conversation_id: change.id.id }, 'a subscriber to changes has failed');
      }
    };
    const commitListener = (change: CommittedChange) => void notify(change);
    this.commitListeners.add(commitListener);
    return () => this.commitListeners.delete(commitListener);
  }

  /** @internal Calls `listener` for every change of any node. */
  onChange(listener: ChangeListener): void {
    this.changeListeners.add(listener);
  }

  /** @internal Announces a change that this node has committed. */
  publishCommit(change: CommittedChange): void {
    for (const listener of this.commitListeners) listener(change);
    this.publishChange(change.id);
  }

  /** @internal Announces a change of any node. */
  publishChange(id: ConversationId): void {
    for (const listener of this.changeListeners) listener(id);
    for (const wake of this.waiters.get(id.key) ?? []) wake();
  }

  /** @internal Resolves at the next change of the conversation, or after `timeoutMs`. */
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
