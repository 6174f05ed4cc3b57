import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { CompactionRepository } from './compaction.repository.js';

/** Reads and deletes the compactions of a conversation that was erased. */
@Injectable()
export class CompactionErasure {
  constructor(private readonly compactions: CompactionRepository) {}

  /** The stored replacement of every compaction, by version. */
  async *texts(id: ConversationId): AsyncGenerator<string> {
    let after = 0;
    for (;;) {
      const rows = await this.compactions.replacementsAfter(id, after);
      for (const { replacement } of rows) yield replacement;
      const last = rows.at(-1);
      if (!last) return;
      after = last.version;
    }
  }

  /**
   * Deletes the first compactions after a version: at most 1,000, and about 8 MiB.
   *
   * @returns the version of the last one; undefined if there was none
   */
  deleteBatch(id: ConversationId, afterVersion: number): Promise<number | undefined> {
    return this.compactions.deleteBatch(id, afterVersion);
  }
}
