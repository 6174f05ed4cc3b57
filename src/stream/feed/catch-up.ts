import type { ConversationRecord } from '../../conversations/conversation.js';
import { laterOf, type LogPosition } from './change-reader.js';
import type { ConversationSource } from './conversation-source.js';
import { drained } from './slow-reader.js';
import type { Subscription } from './subscription.js';

/** What a catch-up needs of the feed that its subscription joins at the end. */
export interface JoinableFeed {
  readonly source: ConversationSource;
  /** How far the feed has published, and in which history of the database. */
  readonly published: { readonly position: LogPosition; readonly history: string };
  /** See `ConversationFeed.refresh`. */
  refresh(): Promise<boolean>;
  /** Sends the reset that is due, if any. @returns whether one was due */
  sendDueReset(subscription: Subscription): boolean;
  /**
   * Makes the subscription live if it has everything through the feed's position.
   *
   * @param record the record that the last window of the subscription was made from
   */
  tryJoin(subscription: Subscription, position: LogPosition, record: ConversationRecord): boolean;
}

/** Brings one subscription up to date: sends the changes after its cursor and then one window, and makes it join the feed. */
export class CatchUp {
  /**
   * @param position how far the subscription is
   * @param known a position that the conversation has reached, although the feed may not have published it yet
   */
  constructor(
    private readonly feed: JoinableFeed,
    private readonly subscription: Subscription,
    private position: LogPosition,
    private known: LogPosition,
  ) {}

  /** Resolves when the subscription has joined the feed or is closed. @throws Error something could not be read */
  async run(): Promise<void> {
    const { feed, subscription } = this;
    let hasJoined = false;
    while (subscription.isOpen && !hasJoined) {
      if (feed.sendDueReset(subscription)) this.position = this.known = feed.published.position;
      const target = laterOf(feed.published.position, this.known);
      if (this.position.version < target.version) await this.sendPage(target);
      else hasJoined = await this.sendWindowAndJoin();
    }
  }

  /** Sends the changes through `target`, as many as are read at once. */
  private async sendPage(target: LogPosition): Promise<void> {
    const { feed, subscription } = this;
    for (const change of await feed.source.changes(feed.published.history, this.position, target)) {
      // The reader sets the pace: the next page is not read before it has received this one.
      if (subscription.isFull && !(await drained(subscription))) return;
      subscription.sendChange(change.frame);
      this.position = change.position;
    }
  }

  private async sendWindowAndJoin(): Promise<boolean> {
    const { feed, subscription } = this;
    const record = await feed.source.record();
    if (record.history !== feed.published.history) {
      if (await feed.refresh()) return false;
      throw new Error('the new history of the database could not be read');
    }
    subscription.sendWindow(await feed.source.windowFrame(record, this.position), { resend: true });
    // In the same tick as the window: no change can be published between the feed's check and the join.
    return feed.tryJoin(subscription, this.position, record);
  }
}
