import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { arrayElements } from '../common/json/json-scanner.js';
import { Database, type Executor } from '../database/database.js';
import type {
  CompactionChange,
  CompactionPage,
  Compaction,
  ListedCompaction,
  Summary,
} from './compaction.js';
import {
  ACTIVE_COMPACTIONS,
  COMPACTIONS_AFTER,
  DELETE_COMPACTIONS,
  END_COMPACTION,
  FIND_COMPACTION,
  FIND_SUMMARIES,
  INSERT_COMPACTION,
  INSERT_UNDO,
  LAST_COMPACTION,
  REPLACEMENTS_AFTER,
  LIST_COMPACTIONS,
  RESTORE_REPLACED,
  SUPERSEDE_COMPACTIONS,
} from './compaction.sql.js';

/** A compaction to be written; `lastSeq` is the end of the log at that version. */
export type CompactionRow = Omit<Compaction, 'tokenEstimate' | 'withdrawn'> &
  Omit<Summary, 'version'> & { lastSeq: number };

/** Most compactions, and bytes of replacements, that one statement of an erasure reads or deletes. */
const ERASED_COMPACTIONS = 1000;
const ERASED_BYTES = 8 * 1024 * 1024;

/** The compactions table. */
@Injectable()
export class CompactionRepository {
  constructor(private readonly database: Database) {}

  activeAt(
    { namespace, id }: ConversationId,
    version: number,
    executor: Executor = this.database,
  ): Promise<Compaction[]> {
    return executor.query<Compaction>(ACTIVE_COMPACTIONS, [namespace, id, version]);
  }

  after({ namespace, id }: ConversationId, version: number, limit: number): Promise<CompactionChange[]> {
    return this.database.query<CompactionChange>(COMPACTIONS_AFTER, [namespace, id, version, limit]);
  }

  async find(
    tx: Executor,
    { namespace, id }: ConversationId,
    version: number,
  ): Promise<ListedCompaction | undefined> {
    const [row] = await tx.query<ListedCompaction>(FIND_COMPACTION, [namespace, id, version]);
    return row;
  }

  /** The compactions before `version`, newest first; as many as fit the limits, at least one. */
  async list(
    { namespace, id }: ConversationId,
    version: number,
    limit: number,
    maxBytes: number,
  ): Promise<CompactionPage> {
    type Row = CompactionPage['compactions'][number] & { remaining: number };
    const rows = await this.database.query<Row>(LIST_COMPACTIONS, [
      namespace,
      id,
      version,
      limit + 1,
      maxBytes,
    ]);
    const compactions = rows.slice(0, limit);
    const hasMore = compactions.length < (rows[0]?.remaining ?? 0);
    return { compactions, nextCursor: hasMore ? (compactions.at(-1)?.version ?? null) : null };
  }

  async lastUpTo({ namespace, id }: ConversationId, version: number) {
    const [row] = await this.database.query<{ version: number; lastSeq: number }>(LAST_COMPACTION, [
      namespace,
      id,
      version,
    ]);
    return row;
  }

  async summaries(
    { namespace, id }: ConversationId,
    versions: readonly number[],
    maxBytes: number,
  ): Promise<Map<number, Summary>> {
    type Row = Omit<Summary, 'messages'> & { replacement: string };
    const rows = await this.database.query<Row>(FIND_SUMMARIES, [namespace, id, versions, maxBytes]);
    return new Map(
      rows.map(({ replacement, ...row }) => [row.version, { ...row, messages: arrayElements(replacement) }]),
    );
  }

  async insert(
    tx: Executor,
    { namespace, id }: ConversationId,
    compaction: CompactionRow,
    replaced: readonly Compaction[],
  ) {
    const { version, messages, messageTokens } = compaction;
    if (replaced.length) {
      await tx.query(SUPERSEDE_COMPACTIONS, [namespace, id, version, replaced.map((each) => each.version)]);
    }
    await tx.query(INSERT_COMPACTION, [
      namespace,
      id,
      version,
      compaction.fromSeq,
      compaction.toSeq,
      compaction.lastSeq,
      compaction.tokensBefore,
      compaction.tokensThrough,
      `[${messages.join(',')}]`,
      messageTokens,
      messageTokens.reduce((sum, tokens) => sum + tokens, 0),
      compaction.insertedAt,
    ]);
  }

  /** The first compactions after a version, active or not; none only if there are no more. */
  replacementsAfter({ namespace, id }: ConversationId, version: number) {
    return this.database.query<{ version: number; replacement: string }>(REPLACEMENTS_AFTER, [
      namespace,
      id,
      version,
      ERASED_COMPACTIONS,
      ERASED_BYTES,
    ]);
  }

  /** Deletes the first compactions after a version. @returns the version of the last one; undefined if there was none */
  async deleteBatch({ namespace, id }: ConversationId, afterVersion: number): Promise<number | undefined> {
    const [row] = await this.database.query<{ lastVersion: number | null }>(DELETE_COMPACTIONS, [
      namespace,
      id,
      afterVersion,
      ERASED_COMPACTIONS,
      ERASED_BYTES,
    ]);
    return row?.lastVersion ?? undefined;
  }

  /** Ends a compaction that is active, and makes what it had replaced active again. */
  async undo(
    tx: Executor,
    { namespace, id }: ConversationId,
    undone: number,
    undo: { version: number; lastSeq: number; insertedAt: Date },
  ): Promise<void> {
    const values = [namespace, id, undone, undo.version];
    await tx.query(RESTORE_REPLACED, values);
    await tx.query(END_COMPACTION, values);
    await tx.query(INSERT_UNDO, [...values, undo.lastSeq, undo.insertedAt]);
  }
}
