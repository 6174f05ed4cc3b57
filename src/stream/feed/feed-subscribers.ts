import type { Frame } from '../frames.js';
import { drained } from './slow-reader.js';
import type { Subscription } from './subscription.js';

type SubscriberState =
  /** Has been sent nothing yet. */
  | 'new'
  /** Is sent the changes after its own cursor, at its own pace, or is being drained before that. */
  | 'catching_up'
  /** As `catching_up`, but another log has replaced the one it was reading: it must be sent `reset` first. */
  | 'reset_due'
  /** Has been sent everything that was published, and is sent whatever is published next. */
  | 'live';

/** The subscriptions of one feed and their states. */
export class FeedSubscribers {
  private readonly states = new Map<Subscription, SubscriberState>();
  private publishedBytes = 0;

  /** @param onDrained called when a subscription has drained, with the bytes of changes it has missed since it was full */
  constructor(private readonly onDrained: (subscription: Subscription, missedBytes: number) => void) {}

  get isEmpty(): boolean {
    return this.states.size === 0;
  }

  get hasLive(): boolean {
    for (const state of this.states.values()) if (state === 'live') return true;
    return false;
  }

  add(subscription: Subscription): void {
    this.states.set(subscription, 'new');
  }

  remove(subscription: Subscription): void {
    this.states.delete(subscription);
  }

  /** The subscription is about to be sent the changes after its cursor. */
  startCatchUp(subscription: Subscription): void {
    if (this.states.get(subscription) === 'new') this.states.set(subscription, 'catching_up');
  }

  /** Makes a subscription live. @returns false if it must be sent a reset first, or has been removed */
  makeLive(subscription: Subscription): boolean {
    const state = this.states.get(subscription);
    if (state === undefined || state === 'reset_due') return false;
    this.states.set(subscription, 'live');
    return true;
  }

  /** Sends to every live subscription, except that a full one is set aside. */
  publish(send: (subscription: Subscription) => void): void {
    for (const [subscription, state] of this.states) {
      if (state !== 'live') continue;
      if (subscription.isFull) void this.setAside(subscription);
      else send(subscription);
    }
  }

  publishChange(change: Frame): void {
    this.publish((subscription) => subscription.sendChange(change));
    this.publishedBytes += change.bytes.length;
  }

  /** Another log has replaced the published one: live subscriptions are sent `reset` now, others before anything else. */
  publishReset(version: number): void {
    this.publish((subscription) => subscription.sendReset(version));
    for (const [subscription, state] of this.states)
      if (state === 'catching_up') this.states.set(subscription, 'reset_due');
  }

  /** Sends the reset that is due, if any. @returns whether one was due */
  sendDueReset(subscription: Subscription, version: number): boolean {
    if (this.states.get(subscription) !== 'reset_due') return false;
    this.states.set(subscription, 'catching_up');
    subscription.sendReset(version);
    return true;
  }

  closeAll(code: number, reason: string): void {
    for (const subscription of this.states.keys()) subscription.close(code, reason);
  }

  /** Sends nothing to a full subscription until it has drained; it must then catch up. */
  private async setAside(subscription: Subscription): Promise<void> {
    this.states.set(subscription, 'catching_up');
    const publishedBefore = this.publishedBytes;
    if (await drained(subscription)) this.onDrained(subscription, this.publishedBytes - publishedBefore);
  }
}
