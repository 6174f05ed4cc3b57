import { setTimeout as delay } from 'node:timers/promises';
import type { ConversationId } from '../common/conversation-id.js';
import { log } from '../common/logging/logger.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { ConversationNotFoundError } from '../conversations/conversations.errors.js';
import type { ConversationsService } from '../conversations/conversations.service.js';
import type { WindowService } from '../window/window.service.js';
import { LostChangeError, type Change, type ChangeJournal, type JournalPosition } from './change-journal.js';
import { frame, type Frame } from './frames.js';
import { CLOSE, type Subscription } from './subscription.js';

/** What a feed reads from. */
export interface FeedSources {
  journal: ChangeJournal;
  conversations: ConversationsService;
  windows: WindowService;
}

/** As many changes read at once get a window each; a longer run has one, after its last change. */
const MAX_WINDOWS_AT_ONCE = 8;
/** What a full reader may miss and is still sent, from the log and at its own pace, in bytes; more is named as a gap. */
const MAX_BEHIND_BYTES = 32 * 1024 * 1024;
/** How often a full reader is looked at, and how long it may take nothing before it is given up, in milliseconds. */
const DRAIN_POLL_MS = 20;
const DRAIN_TIMEOUT_MS = 30_000;

/**
 * Follows one conversation for all its readers on this node: each change is read once. The log is what is read; a wake-up
 * only says that there may be more.
 */
export class ConversationFeed {
  /** Readers that have everything through `position`, and are sent what comes as it comes. */
  private readonly live = new Set<Subscription>();
  /** All readers, each with the number of resets it was told of. */
  private readonly subscriptions = new Map<Subscription, number>();
  private resets = 0;
  /** The history of the database that `position` belongs to. */
  private history: string;
  /** When the conversation had last changed, as the last record that was read says. */
  private updatedAt: Date;
  /** The last change that was sent, and the place before it. */
  private lastSent?: Pick<Change, 'position' | 'madeAt'> & { before: JournalPosition };
  private position: JournalPosition;
  private sentBytes = 0;
  private settings: string;
  private following?: Promise<void>;
  /** The record that is to be looked at next: it is read while what the one before said is still being sent. */
  private next?: Promise<ConversationRecord>;
  /** There may be something newer than `next`, whose reading had begun. */
  private wokenUp = false;
  /** A read failed, and with it perhaps a window that was due. */
  private failed = false;

  constructor(
    private readonly id: ConversationId,
    private readonly sources: FeedSources,
    conversation: ConversationRecord,
  ) {
    this.position = conversation;
    this.history = conversation.history;
    this.updatedAt = conversation.updatedAt;
    this.settings = settingsOf(conversation);
  }

  get isIdle(): boolean {
    return this.subscriptions.size === 0;
  }

  /** There may be something new: in the log, of the settings, or a tombstone. */
  wake(): void {
    if (this.next) this.wokenUp = true;
    else this.readNext();
    this.start();
  }

  /** Whether a record just read says something that this feed has not sent yet. */
  differsFrom(conversation: ConversationRecord): boolean {
    return (
      this.failed ||
      conversation.history !== this.history ||
      conversation.version !== this.position.version ||
      settingsOf(conversation) !== this.settings ||
      (conversation.tombstonedAt !== null && !this.isIdle)
    );
  }

  /**
   * Takes a reader in and brings it up to date: everything after its cursor, then one window, then what comes.
   *
   * @param cursor undefined for a reader that wants only what comes from now on
   * @param read the conversation's record, just read; this feed may not have come so far yet, or further since
   */
  async subscribe(
    subscription: Subscription,
    cursor: number | undefined,
    read: JournalPosition & Pick<ConversationRecord, 'history'>,
  ): Promise<void> {
    this.subscriptions.set(subscription, this.resets);
    if (read.history !== this.history) {
      this.wake();
      await this.following;
      this.subscriptions.set(subscription, this.resets); // it has nothing of an older history from here
    }
    const current = later(this.position, read);
    if (cursor !== undefined && cursor <= current.version) {
      await this.catchUp(subscription, cursor, current);
      return;
    }
    if (cursor === undefined) subscription.version = current.version;
    else subscription.sendCursorAhead(current.version);
    this.live.add(subscription);
    this.wake(); // a tombstone, above all, may be there already
  }

  leave(subscription: Subscription): void {
    this.subscriptions.delete(subscription);
    this.live.delete(subscription);
  }

  /** Replays what follows `version`, and has the reader be live from then on. It is closed if the log cannot be read. */
  private async catchUp(
    subscription: Subscription,
    version: number,
    current: JournalPosition,
  ): Promise<void> {
    try {
      await this.replay(subscription, await this.sources.journal.position(this.id, version), current);
      this.wake(); // there may be a tombstone, of which the log says nothing
    } catch (error) {
      log.warn({ err: error, conversation_id: this.id.id }, 'a stream could not be brought up to date');
      subscription.close(CLOSE.overloaded, 'the log cannot be read; reconnect with your cursor');
    }
  }

  private async replay(
    subscription: Subscription,
    from: JournalPosition,
    current: JournalPosition,
  ): Promise<void> {
    let at = from;
    while (subscription.isOpen) {
      if (this.tellReset(subscription)) at = current = this.position;
      const to = later(this.position, current);
      const changes =
        at.version < to.version ? await this.sources.journal.after(this.id, this.history, at, to) : [];
      for (const { frame: change, position } of changes) {
        // A reader sets its own pace here: nothing is read for it before it has taken what it has.
        if (subscription.isFull && !(await this.emptied(subscription))) return;
        subscription.sendChange(change);
        at = position;
      }
      if (changes.length) continue;
      const conversation = await this.sources.conversations.get(this.id);
      if (conversation.history !== this.history) {
        this.wake();
        await this.following;
        if (this.failed) throw new Error('the new history could not be read');
        continue;
      }
      subscription.sendWindow(await this.windowAt(conversation, at), true);
      // No wait between this look and the reader being live: nothing can come in between.
      if (at.version >= this.position.version) {
        if (this.subscriptions.has(subscription)) this.live.add(subscription);
        // Settings changed on the way to its window: the next look, which follows, sends the window again.
        if (settingsOf(conversation) !== this.settings) this.settings = '';
        return;
      }
    }
  }

  private readNext(): void {
    this.wokenUp = false;
    this.next = this.sources.conversations.get(this.id);
    this.next.catch(() => undefined); // who awaits it is told
  }

  private start(): void {
    this.following ??= this.follow()
      .catch((error: unknown) => {
        this.failed = true; // `differsFrom` has the poll try again
        this.next = undefined;
        if (error instanceof ConversationNotFoundError) {
          this.closeAll();
          return;
        }
        log.warn(
          { err: error, conversation_id: this.id.id },
          'a stream could not be read; it will be tried again',
        );
      })
      .finally(() => {
        this.following = undefined;
        if (this.next && !this.failed) this.start(); // it came between the last look and this
      });
  }

  /** Reads and sends until nothing more is known to be there. */
  private async follow(): Promise<void> {
    while (this.next) {
      const conversation = await this.next.finally(() => (this.next = undefined));
      if (this.wokenUp) this.readNext();
      if (conversation.history !== this.history) await this.enterHistory(conversation);
      this.updatedAt = conversation.updatedAt;
      await this.sendChanges(conversation);
      const settings = settingsOf(conversation);
      const isDue = this.failed || settings !== this.settings;
      this.settings = settings;
      if (isDue) await this.sendWindow(conversation, this.position, true);
      this.failed = false;
      // A tombstone is the last there is: it lets no further change in.
      if (conversation.tombstonedAt)
        this.publish((subscription) => subscription.sendTombstoned(conversation.version));
    }
  }

  /**
   * The server was restarted, another one has taken over, or the tables were restored. Goes on if nothing has changed, or the
   * log still has the last change that was sent, and so all before it; otherwise every reader has to start over.
   */
  private async enterHistory(conversation: ConversationRecord): Promise<void> {
    const isUnchanged =
      conversation.version === this.position.version &&
      conversation.updatedAt.getTime() === this.updatedAt.getTime();
    const isContinued = isUnchanged || (await this.hasLastSent(conversation));
    this.history = conversation.history;
    if (isContinued) return;
    this.position = conversation;
    this.lastSent = undefined;
    this.resets += 1;
    this.settings = ''; // the window is sent again
    this.publish((subscription) => this.tellReset(subscription));
  }

  private async hasLastSent({ version, history }: ConversationRecord): Promise<boolean> {
    if (!this.lastSent) return false;
    const { before, position, madeAt } = this.lastSent;
    if (position.version > version) return false;
    try {
      const [found] = await this.sources.journal.after(this.id, history, before, position);
      return found?.madeAt.getTime() === madeAt.getTime();
    } catch (error) {
      if (error instanceof LostChangeError) return false;
      throw error;
    }
  }

  /** @returns whether there was a reset that the reader had not been told of */
  private tellReset(subscription: Subscription): boolean {
    if (this.subscriptions.get(subscription) === this.resets) return false;
    this.subscriptions.set(subscription, this.resets);
    subscription.sendReset(this.position.version);
    return true;
  }

  /** The conversation is not there any more: the database that has taken over never had it. */
  private closeAll(): void {
    for (const subscription of this.subscriptions.keys())
      subscription.close(CLOSE.notFound, 'the conversation does not exist any more');
  }

  private async sendChanges(conversation: ConversationRecord): Promise<void> {
    while (this.position.version < conversation.version) {
      const changes = await this.sources.journal.after(this.id, this.history, this.position, conversation);
      for (const [index, { frame: change, position, madeAt }] of changes.entries()) {
        this.publish((subscription) => subscription.sendChange(change));
        this.sentBytes += change.bytes.length;
        this.lastSent = { before: this.position, position, madeAt };
        // It moves with what is sent, so that a reader being caught up knows when it has everything.
        this.position = position;
        if (changes.length <= MAX_WINDOWS_AT_ONCE || index === changes.length - 1)
          await this.sendWindow(conversation, position);
      }
    }
  }

  private async sendWindow(
    conversation: ConversationRecord,
    position: JournalPosition,
    again = false,
  ): Promise<void> {
    if (this.live.size === 0) return;
    const window = await this.windowAt(conversation, position);
    this.publish((subscription) => subscription.sendWindow(window, again));
  }

  /** @param conversation the record, read at this place or later */
  private async windowAt(conversation: ConversationRecord, position: JournalPosition): Promise<Frame> {
    const { needsCompaction, usedTokens } = await this.sources.windows.readAt(
      this.id,
      conversation,
      position,
    );
    const { version } = position;
    return frame('window', { version, needs_compaction: needsCompaction, used_tokens: usedTokens });
  }

  /** Sends to every live reader; one that is full is left out until it has taken what it has. */
  private publish(send: (subscription: Subscription) => void): void {
    for (const subscription of this.live) {
      if (subscription.isFull) void this.setAside(subscription);
      else send(subscription);
    }
  }

  private async setAside(subscription: Subscription): Promise<void> {
    this.live.delete(subscription);
    const sentBefore = this.sentBytes;
    if (!(await this.emptied(subscription))) return;
    if (this.sentBytes - sentBefore > MAX_BEHIND_BYTES) subscription.sendSkipped(this.position.version);
    await this.catchUp(subscription, subscription.version, this.position);
  }

  /** Waits until a full reader has taken enough. It is given up if it takes nothing for long: false. */
  private async emptied(subscription: Subscription): Promise<boolean> {
    let left = subscription.bufferedBytes;
    for (let idleMs = 0; subscription.isOpen && subscription.isFull; idleMs += DRAIN_POLL_MS) {
      if (subscription.bufferedBytes < left) idleMs = 0;
      left = subscription.bufferedBytes;
      if (idleMs > DRAIN_TIMEOUT_MS) subscription.close(CLOSE.overloaded, 'the reader does not keep up');
      await delay(DRAIN_POLL_MS);
    }
    return subscription.isOpen;
  }
}

function later(a: JournalPosition, b: JournalPosition): JournalPosition {
  return a.version > b.version ? a : b;
}

/** What of a record moves the window. */
function settingsOf({ tokenBudget, triggerRatio, policyStrategy, policyConfig }: ConversationRecord): string {
  return JSON.stringify([tokenBudget, triggerRatio, policyStrategy, policyConfig]);
}
