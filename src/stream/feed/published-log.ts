import type { ConversationRecord } from '../../conversations/conversation.js';
import { MissingChangeError, type Change, type LogPosition } from './change-reader.js';
import type { ConversationSource } from './conversation-source.js';

/**
 * How far a feed has published its conversation, and in which history of the database. A history ends when the server
 * restarts, another server takes over or the tables are restored; the log may then have lost changes.
 */
export class PublishedLog {
  private lastPosition: LogPosition;
  /** The record that was read last. */
  private lastRecord: ConversationRecord;
  private lastChange?: { before: LogPosition; position: LogPosition; madeAt: Date };

  constructor(
    private readonly source: ConversationSource,
    record: ConversationRecord,
  ) {
    this.lastRecord = record;
    this.lastPosition = record;
  }

  /** The position after the last change that was published. */
  get position(): LogPosition {
    return this.lastPosition;
  }

  get history(): string {
    return this.lastRecord.history;
  }

  /** This change has been published. */
  advance({ position, madeAt }: Change): void {
    this.lastChange = { before: this.lastPosition, position, madeAt };
    this.lastPosition = position;
  }

  /**
   * Whether a record just read belongs to the log that was published. In another history it does if the conversation has not
   * changed at all, or if the last published change is still there, and with it all changes before.
   */
  async isContinuedBy(record: ConversationRecord): Promise<boolean> {
    return record.history === this.history || this.isUnchanged(record) || (await this.hasLastChange(record));
  }

  /** The log continues: `record` is the one that was read last. */
  continueWith(record: ConversationRecord): void {
    this.lastRecord = record;
  }

  /** Another log has replaced the published one: its changes through `record` count as published. */
  restartAt(record: ConversationRecord): void {
    this.lastRecord = record;
    this.lastPosition = record;
    this.lastChange = undefined;
  }

  private isUnchanged({ version, updatedAt }: ConversationRecord): boolean {
    return (
      version === this.lastPosition.version && updatedAt.getTime() === this.lastRecord.updatedAt.getTime()
    );
  }

  private async hasLastChange({ version, history }: ConversationRecord): Promise<boolean> {
    if (!this.lastChange || this.lastChange.position.version > version) return false;
    const { before, position, madeAt } = this.lastChange;
    try {
      const [found] = await this.source.changes(history, before, position);
      return found?.madeAt.getTime() === madeAt.getTime();
    } catch (error) {
      if (error instanceof MissingChangeError) return false;
      throw error;
    }
  }
}
