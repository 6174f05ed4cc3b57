import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import type { Conversation } from '../conversations/conversation.js';
import { Database, type Executor } from '../database/database.js';
import type { SeqRange } from './stored-event.js';
import { WITHDRAWALS } from './withdrawn-events.sql.js';
import { disjointRanges, type WithdrawnRange } from './withdrawn-ranges.js';

/** A conversation at one of its versions. */
export type WithdrawnRecord = Pick<Conversation, 'version' | 'withdrawnVersion'>;

/** Reads which events of a log were withdrawn. */
@Injectable()
export class WithdrawnEvents {
  constructor(private readonly database: Database) {}

  /**
   * The withdrawn parts of a range of the log at the version of the record, ascending and disjoint. They may reach beyond the range.
   * An event stays withdrawn if a later compaction covers it. Reads nothing if no event of the conversation ever was.
   */
  async ranges(
    { namespace, id }: ConversationId,
    { version, withdrawnVersion }: WithdrawnRecord,
    { fromSeq, toSeq }: SeqRange,
    executor: Executor = this.database,
  ): Promise<WithdrawnRange[]> {
    if (withdrawnVersion === null || toSeq < fromSeq) return [];
    const values = [namespace, id, version, fromSeq, toSeq];
    return disjointRanges(await executor.query<WithdrawnRange>(WITHDRAWALS, values));
  }
}
