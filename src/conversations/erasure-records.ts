import { Injectable } from '@nestjs/common';
import { ConversationId } from '../common/conversation-id.js';
import { jsonValue } from '../common/json/json-value.js';
import { Database, type Executor } from '../database/database.js';
import {
  COMPLETE_ERASURE,
  ERASED_SINCE,
  FIND_ERASURE,
  MARK_ERASED,
  MARK_EXPIRED,
  SAVE_ERASURE,
  TAKE_INTERRUPTED,
} from './erasure-records.sql.js';

/** What a conversation contained when it was erased. */
export interface ErasedContent {
  events: number;
  /** Also those that were replaced by others, and withdrawals. */
  compactions: number;
  /** Of the texts of all these, in UTF-8. */
  bytes: number;
  /** SHA-256 of these texts, in hexadecimal digits; see docs/decisions/034. */
  digest: string;
}

/** What the row of a conversation says about its erasure. */
export interface ErasureRecord {
  /** Null if the conversation is not erased. */
  erasedAt: Date | null;
  /** Undefined until it is counted. */
  content: ErasedContent | undefined;
  /** Whether nothing is left to be deleted. */
  isComplete: boolean;
}

type Row = Omit<ErasureRecord, 'content'> & { erasure: string | null };

/** The erasures of conversations, which are part of their rows. */
@Injectable()
export class ErasureRecords {
  constructor(private readonly database: Database) {}

  /** @returns the version of the conversation; undefined if it does not exist or is erased already */
  async mark(tx: Executor, { namespace, id }: ConversationId): Promise<number | undefined> {
    const [row] = await tx.query<{ version: number }>(MARK_ERASED, [namespace, id]);
    return row?.version;
  }

  /**
   * Marks conversations whose time to live has passed since their last change. Looks at no more than `limit`. Of several nodes, one
   * gets each.
   *
   * @returns those that are marked, and at how many it has looked
   */
  async markExpired(
    tx: Executor,
    limit: number,
  ): Promise<{ expired: { id: ConversationId; version: number }[]; looked: number }> {
    interface Due {
      namespace: string;
      id: string;
      version: number;
      expired: boolean;
    }
    const rows = await tx.query<Due>(MARK_EXPIRED, [limit]);
    const expired = rows
      .filter((row) => row.expired)
      .map(({ namespace, id, version }) => ({ id: new ConversationId(namespace, id), version }));
    return { expired, looked: rows.length };
  }

  /** Undefined if the conversation does not exist. */
  async find({ namespace, id }: ConversationId): Promise<ErasureRecord | undefined> {
    const [row] = await this.database.query<Row>(FIND_ERASURE, [namespace, id]);
    return row && toRecord(row);
  }

  /** Stores what is about to be deleted. Of several calls, the first one counts. */
  async save({ namespace, id }: ConversationId, content: ErasedContent): Promise<void> {
    await this.database.query(SAVE_ERASURE, [namespace, id, JSON.stringify(content)]);
  }

  /** To be called when nothing is left to be deleted. */
  async complete({ namespace, id }: ConversationId): Promise<ErasureRecord> {
    const [row] = await this.database.query<Row>(COMPLETE_ERASURE, [namespace, id]);
    if (!row) throw new Error('the row of an erased conversation is missing');
    return toRecord(row);
  }

  /** Takes erasures that were interrupted at least a minute ago, to go on with them. Of several nodes, one gets each. */
  async takeInterrupted(limit: number): Promise<ConversationId[]> {
    const rows = await this.database.query<{ namespace: string; id: string }>(TAKE_INTERRUPTED, [limit]);
    return rows.map(({ namespace, id }) => new ConversationId(namespace, id));
  }

  /** The newest `limit` conversations that were erased since a time, and the clock of the database. */
  async erasedSince(time: Date, limit: number): Promise<{ ids: ConversationId[]; now: Date }> {
    type Found = { namespace: string; id: string; now: Date } | { namespace: null; id: null; now: Date };
    const rows = await this.database.query<Found>(ERASED_SINCE, [time, limit]);
    const ids = rows.flatMap(({ namespace, id }) => (id === null ? [] : [new ConversationId(namespace, id)]));
    return { ids, now: rows[0]?.now ?? time };
  }
}

function toRecord({ erasedAt, erasure, isComplete }: Row): ErasureRecord {
  const content = erasure === null ? undefined : (jsonValue(erasure) as ErasedContent);
  return { erasedAt, content, isComplete };
}
