import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { LIST_BY_ACTIVITY, LIST_BY_CREATION } from './conversation-lists.sql.js';
import type { Conversation } from './conversation.js';
import { listCursor, parseListCursor, type ListOrder } from './list-cursor.js';

/** Which conversations of a namespace, and in which order. */
export interface ListRequest {
  /** Default `activity`. */
  order?: ListOrder | undefined;
  /** At most 1000; default 100. */
  limit?: number | undefined;
  /** The `nextCursor` of an earlier page of the same order. */
  cursor?: string | undefined;
  /** Keys of the metadata and their values: strings, numbers and booleans as JSON writes them. At most 100. */
  metadata?: ReadonlyMap<string, string> | undefined;
  /** Whether the deleted conversations are listed, instead of the others; default false. */
  tombstoned?: boolean | undefined;
}

export interface ConversationPage {
  /** The newest first; with filters perhaps fewer than the limit although there are more. */
  conversations: Conversation[];
  /** Null if there are no more. */
  nextCursor: string | null;
}

/** What is left of a row without a conversation: where the reading of entries has ended. */
interface EmptyRow {
  /** Conversations in the page before the limit of bytes. */
  found: number;
  lastHour: Date | null;
  lastCreatedAt: Date | null;
  lastId: string | null;
  n: number | null;
}

type ListedRow = Conversation & EmptyRow & { active_hour: Date; created_at: Date; n: number };

const MAX_LIMIT = 1000;
const DEFAULT_LIMIT = 100;
/** Most entries of the rarest filter that are read for a page with several filters. */
const MAX_ENTRIES = 1000;
/** Metadata and policies of a page; a record has at most 64 KiB of metadata. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

/** Lists the conversations of a namespace. */
@Injectable()
export class ConversationLists {
  constructor(private readonly database: Database) {}

  async page(namespace: string, request: ListRequest): Promise<ConversationPage> {
    const { order = 'activity', metadata = new Map<string, string>(), tombstoned = false } = request;
    const limit = Math.min(request.limit ?? DEFAULT_LIMIT, MAX_LIMIT);
    const after = parseListCursor(request.cursor);
    const statement = order === 'activity' ? LIST_BY_ACTIVITY : LIST_BY_CREATION;
    const rows = await this.database.query<ListedRow | EmptyRow>(statement, [
      namespace,
      tombstoned,
      [...metadata.keys()],
      [...metadata.values()],
      after?.hour ?? 'infinity',
      after?.createdAt ?? 'infinity',
      after?.id ?? '',
      metadata.size > 1 ? Math.max(MAX_ENTRIES, limit + 1) : limit + 1,
      limit + 1,
      MAX_PAGE_BYTES,
    ]);
    const listed = rows.filter(isListed).slice(0, limit);
    const conversations = listed.toSorted((a, b) =>
      order === 'activity' ? b.updatedAt.getTime() - a.updatedAt.getTime() : 0,
    );
    const position = nextPosition(rows[0], listed);
    return { conversations, nextCursor: position && listCursor({ order, ...position }) };
  }
}

/** Where the next page begins; null if there is none. */
function nextPosition(first: EmptyRow | undefined, listed: readonly ListedRow[]) {
  const last = listed.at(-1);
  if (last && listed.length < last.found)
    return { hour: last.active_hour, createdAt: last.created_at, id: last.id };
  if (!first?.lastHour || !first.lastCreatedAt || first.lastId === null) return null;
  return { hour: first.lastHour, createdAt: first.lastCreatedAt, id: first.lastId };
}

function isListed(row: ListedRow | EmptyRow): row is ListedRow {
  return row.n !== null;
}
