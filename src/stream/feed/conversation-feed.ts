import { log } from '../../common/logging/logger.js';
import type { ConversationRecord } from '../../conversations/conversation.js';
import {
  ConversationErasedError,
  ConversationNotFoundError,
} from '../../conversations/conversations.errors.js';
import { CLOSE } from '../stream-transport.js';
import { CatchUp, type JoinableFeed } from './catch-up.js';
import { laterOf, type LogPosition } from './change-reader.js';
import type { ConversationSource } from './conversation-source.js';
import { FeedSubscribers } from './feed-subscribers.js';
import { PublishedLog } from './published-log.js';
import type { Subscription } from './subscription.js';

/** A page of at most this many changes has a window after each change; a longer one has a window after the last. */
const MAX_WINDOWS_PER_PAGE = 8;
/** How many bytes of changes a slow reader may miss and still be sent from the log. If it misses more, it is sent a `gap`. */
const MAX_MISSED_BYTES = 32 * 1024 * 1024;

/** Why a stream is closed. */
const ERASED = 'the conversation was erased';

/**
 * Follows one conversation for all its subscriptions on this node: reads each change once and publishes it to those that are
 * live. A subscription catches up from its own cursor before it joins them.
 */
export class ConversationFeed implements JoinableFeed {
  readonly published: PublishedLog;
  private readonly subscribers = new FeedSubscribers((subscription, missedBytes) => {
    if (missedBytes > MAX_MISSED_BYTES) subscription.sendSlowReaderGap(this.published.position.version);
    void this.catchUp(subscription, this.published.position);
  });
  /** The settings that the last published window was computed with. */
  private settings: string;
  /** The window must be published again even if version and settings are the same: a reset, or a failed read. */
  private isWindowDue = false;
  /** Something may have changed since the last read of the record began. */
  private isOutdated = false;
  private refreshing?: Promise<boolean>;

  constructor(
    readonly source: ConversationSource,
    record: ConversationRecord,
  ) {
    this.published = new PublishedLog(source, record);
    this.settings = settingsOf(record);
  }

  /** Whether nobody is subscribed. */
  get isIdle(): boolean {
    return this.subscribers.isEmpty;
  }

  /** Whether a record just read has something that this feed has not published yet, or failed to. */
  differsFrom(record: ConversationRecord): boolean {
    return (
      this.isWindowDue ||
      record.history !== this.published.history ||
      record.version !== this.published.position.version ||
      settingsOf(record) !== this.settings ||
      (record.tombstonedAt !== null && !this.isIdle)
    );
  }

  /**
   * Sends the subscription everything after its cursor, then one window, then whatever is published. Never rejects.
   *
   * @param cursor undefined to begin with what is published from now on
   * @param record the conversation, just read; the feed may not have published all of it yet, or more than it
   */
  async subscribe(
    subscription: Subscription,
    cursor: number | undefined,
    record: LogPosition & Pick<ConversationRecord, 'history'>,
  ): Promise<void> {
    this.subscribers.add(subscription);
    if (record.history !== this.published.history) await this.refresh();
    const current = laterOf(this.published.position, record);
    if (cursor !== undefined && cursor <= current.version) {
      this.subscribers.startCatchUp(subscription);
      await this.catchUp(subscription, current);
      return;
    }
    if (cursor === undefined) subscription.version = current.version;
    else subscription.sendCursorAheadGap(current.version);
    this.subscribers.makeLive(subscription);
    void this.refresh(); // the conversation may already be tombstoned
  }

  unsubscribe(subscription: Subscription): void {
    this.subscribers.remove(subscription);
  }

  /**
   * Reads the conversation and publishes what is new. A call during a refresh makes it read the conversation once more.
   *
   * @returns whether everything could be read; if not, the poll of `ConversationFeeds` tries again
   */
  refresh(): Promise<boolean> {
    this.isOutdated = true;
    this.refreshing ??= this.publishUntilCurrent();
    return this.refreshing;
  }

  sendDueReset(subscription: Subscription): boolean {
    return this.subscribers.sendDueReset(subscription, this.published.position.version);
  }

  tryJoin(subscription: Subscription, { version }: LogPosition, record: ConversationRecord): boolean {
    if (version < this.published.position.version || !this.subscribers.makeLive(subscription)) return false;
    // The settings changed while the subscription's window was read: it needs the window of the new ones.
    if (settingsOf(record) !== this.settings) this.isWindowDue = true;
    void this.refresh(); // the conversation may already be tombstoned
    return true;
  }

  private async publishUntilCurrent(): Promise<boolean> {
    try {
      while (this.isOutdated) {
        this.isOutdated = false;
        await this.publishRecord(await this.source.record());
      }
      return true;
    } catch (error) {
      this.isWindowDue = true; // `differsFrom` reports it to the poll
      if (error instanceof ConversationNotFoundError) {
        // A server has taken over, or a backup was restored, without this conversation.
        this.subscribers.closeAll(CLOSE.notFound, 'the conversation no longer exists');
      } else if (error instanceof ConversationErasedError) {
        this.subscribers.closeAll(CLOSE.erased, ERASED);
      } else {
        this.warn(error, 'the changes of a streamed conversation could not be read; retrying');
      }
      return false;
    } finally {
      this.refreshing = undefined;
    }
  }

  private async publishRecord(record: ConversationRecord): Promise<void> {
    if (await this.published.isContinuedBy(record)) this.published.continueWith(record);
    else this.reset(record);
    await this.publishChanges(record);
    const settings = settingsOf(record);
    if (this.isWindowDue || settings !== this.settings) {
      this.isWindowDue = false;
      this.settings = settings;
      await this.publishWindow(record, { resend: true });
    }
    // Nothing can change after a tombstone.
    if (record.tombstonedAt)
      this.subscribers.publish((subscription) => subscription.sendTombstoned(record.version));
  }

  /** Another log has replaced the one that was published, as after a failover that lost changes or a restore. */
  private reset(record: ConversationRecord): void {
    this.published.restartAt(record);
    this.isWindowDue = true;
    this.subscribers.publishReset(record.version);
  }

  private async publishChanges(record: ConversationRecord): Promise<void> {
    const { published } = this;
    while (published.position.version < record.version) {
      const changes = await this.source.changes(published.history, published.position, record);
      for (const [index, change] of changes.entries()) {
        this.subscribers.publishChange(change.frame);
        // In the same tick as the change: `tryJoin` compares positions.
        published.advance(change);
        const isLast = index === changes.length - 1;
        if (isLast || changes.length <= MAX_WINDOWS_PER_PAGE)
          await this.publishWindow(record, { resend: false });
      }
    }
  }

  /** Publishes the window of the position that was published last. */
  private async publishWindow(record: ConversationRecord, options: { resend: boolean }): Promise<void> {
    if (!this.subscribers.hasLive) return;
    const window = await this.source.windowFrame(record, this.published.position);
    this.subscribers.publish((subscription) => subscription.sendWindow(window, options));
  }

  private async catchUp(subscription: Subscription, current: LogPosition): Promise<void> {
    try {
      const position = await this.source.positionAt(subscription.version);
      await new CatchUp(this, subscription, position, current).run();
    } catch (error) {
      if (error instanceof ConversationErasedError) {
        subscription.close(CLOSE.erased, ERASED);
        return;
      }
      this.warn(error, 'a stream could not be brought up to date');
      subscription.close(CLOSE.overloaded, 'the log cannot be read; reconnect with your cursor');
    }
  }

  private warn(error: unknown, message: string): void {
    log.warn({ err: error, conversation_id: this.source.id.id }, message);
  }
}

/** The settings of a record that its window depends on, as one comparable string. */
function settingsOf(record: ConversationRecord): string {
  const { tokenBudget, reserveTokens, triggerRatio, policyStrategy, policyConfig, model } = record;
  return JSON.stringify([tokenBudget, reserveTokens, triggerRatio, policyStrategy, policyConfig, model]);
}
