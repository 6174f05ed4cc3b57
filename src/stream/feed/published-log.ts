import type { ConversationRecord } from '../../conversations/conversation.js';
import { MissingChangeError, type Change, type LogPosition } from './change-reader.js';
import type { ConversationSource } from './conversation-source.js';

/**
 * How far a feed has published its conversation, and in which history of the database. A history ends when the server
 * restarts, another server takes over or the tables are restored; the log may then have lost changes.
 */
export class PublishedLog {
  private at: LogPosition;
  private inHistory: string;
  /** `updatedAt` of the last record that was read. */
  private updatedAt: Date;
  private lastChange?: { before: LogPosition; position: LogPosition; madeAt: Date };

  constructor(
    private readonly source: ConversationSource,
    record: ConversationRecord,
  ) {
    this.at = record;
    this.inHistory = record.history;
    this.updatedAt = record.updatedAt;
  }

  get position(): LogPosition {
    return this.at;
  }

  get history(): string {
    return this.inHistory;
  }

  /** This change has been published. */
  advance({ position, madeAt }: Change): void {
    this.lastChange = { before: this.at, position, madeAt };
    this.at = position;
  }

  /**
   * Moves to the history of a record just read. The log continues there if the conversation has not changed at all, or if
   * the last published change is still there, and with it all changes before. If not, nothing that was published counts.
   *
   * @returns whether the log continues; if not, `position` is now that of the record
   */
  async moveToHistoryOf(record: ConversationRecord): Promise<boolean> {
    const isSameHistory = record.history === this.inHistory;
    const continues = isSameHistory || this.isUnchanged(record) || (await this.hasLastChange(record));
    this.inHistory = record.history;
    this.updatedAt = record.updatedAt;
    if (!continues) {
      this.at = record;
      this.lastChange = undefined;
    }
    return continues;
  }

  private isUnchanged({ version, updatedAt }: ConversationRecord): boolean {
    return version === this.at.version && updatedAt.getTime() === this.updatedAt.getTime();
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
