import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { ConversationChanges } from '../conversations/conversation-changes.js';
import { VersionMismatchError } from '../conversations/conversations.errors.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { Database, type Executor } from '../database/database.js';
import type { EventInput } from '../events/event-input.js';
import type { NewEvent } from '../events/event-normalizer.js';
import { EventsService } from '../events/events.service.js';
import type { SeqRange } from '../events/stored-event.js';
import { Metrics } from '../metrics/metrics.js';
import {
  isUnstored,
  type Compacted,
  type Compaction,
  type CompactionChange,
  type CompactionPage,
  type CompactionPageRequest,
  type CompactionPreview,
  type Summary,
  type UnstoredCompaction,
  type Withdrawal,
} from './compaction.js';
import { CompactionHistory } from './compaction-history.js';
import { CompactionPlanner, type RequestedRange } from './compaction-planner.js';
import { CompactionRepository } from './compaction.repository.js';

/** A range of seqs and the messages that replace it for the model. */
export interface RangeCompaction extends SeqRange {
  /** Without any, the compaction is a withdrawal. */
  replacement: readonly EventInput[];
  /** Replaces the nearest larger range that cuts through no group, if this range cuts through one; default false. */
  snap?: boolean | undefined;
}

/** A compaction to be stored. */
export interface NewCompaction extends RangeCompaction {
  /** The version that the caller believes current; undefined skips the check. */
  ifVersion?: number | undefined;
}

/** What is to be stored: its range may end with the log. */
type NewChange = RequestedRange & Pick<NewCompaction, 'replacement' | 'ifVersion'>;

/** The messages of a replacement, with the model that their tokens were counted for. */
interface CountedReplacement {
  model: string | null;
  messages: readonly NewEvent[];
}

/** Replaces ranges of the log for the model; the log itself is untouched. */
@Injectable()
export class CompactionService {
  constructor(
    private readonly compactions: CompactionRepository,
    private readonly conversations: ConversationsService,
    private readonly planner: CompactionPlanner,
    private readonly history: CompactionHistory,
    private readonly events: EventsService,
    private readonly database: Database,
    private readonly changes: ConversationChanges,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Compacts a range. Active compactions inside the range are superseded. Appends continue meanwhile, and the events
   * that they add are outside the range.
   *
   * A range may cut through a group. Windows then repair the events of the group that remain. The result warns about such a cut and
   * names the larger range that holds whole groups; with `snap`, the compaction replaces that larger range.
   *
   * @returns the version that the compaction gave the conversation, and the range that it replaced
   * @throws ConversationNotFoundError (404)
   * @throws TombstonedError (409)
   * @throws VersionMismatchError (409) the conversation has moved on; re-read and retry
   * @throws InvalidPayloadError (400) an object of the replacement breaks a rule of events; the range is reversed
   * @throws RangeGapError (400) the range reaches outside the log
   * @throws RangeOverlapError (400) the range cuts through an active compaction
   */
  compact(id: ConversationId, compaction: NewCompaction): Promise<Compacted> {
    return this.store(id, compaction);
  }

  /**
   * Takes events back: an edited question, or an answer that is made again. It is a compaction without messages, and hides pinned events,
   * too. The log keeps the events, and its pages mark them. They stay withdrawn when a later compaction covers them.
   *
   * @returns the version that the withdrawal gave the conversation, and the range that was withdrawn
   * @throws as `compact`
   */
  withdraw(id: ConversationId, withdrawal: Withdrawal): Promise<Compacted> {
    return this.store(id, { ...withdrawal, replacement: [] });
  }

  /**
   * Lists the compactions, active and past ones, newest first. A page ends at about 8 MiB of messages, after at least one compaction.
   *
   * @throws ConversationNotFoundError (404)
   */
  list(id: ConversationId, request: CompactionPageRequest = {}): Promise<CompactionPage> {
    return this.history.list(id, request);
  }

  /**
   * Undoes an active compaction: the events of its range are live again, or the compactions that it had replaced are active again.
   * Events that it had withdrawn are no longer withdrawn.
   *
   * @param compaction the version of the compaction
   * @param ifVersion the version that the caller believes current; undefined skips the check
   * @returns the version that the undo gave the conversation
   * @throws ConversationNotFoundError (404)
   * @throws TombstonedError (409)
   * @throws VersionMismatchError (409) the conversation has moved on; re-read and retry
   * @throws CompactionNotFoundError (404)
   * @throws CompactionReplacedError (409) a later compaction has replaced it
   * @throws CompactionUndoneError (409)
   */
  undo(id: ConversationId, compaction: number, ifVersion?: number): Promise<number> {
    return this.history.undo(id, compaction, ifVersion);
  }

  private async store(id: ConversationId, compaction: NewChange): Promise<Compacted> {
    let replacement = await this.replacement(compaction, this.conversations.knownModel(id));
    this.metrics.compactionRequests.inc();
    const write = () => this.database.transaction((tx) => this.write(tx, id, compaction, replacement));
    let compacted = await write();
    // Counted again outside the transaction, which locks the conversation.
    while ('model' in compacted) {
      this.conversations.noteModel(id, compacted.model);
      replacement = await this.replacement(compaction, compacted.model);
      compacted = await write();
    }
    this.changes.publishCommit({ id, version: compacted.version, kind: 'compaction' });
    await this.conversations.noteActivity(id);
    return compacted;
  }

  private async replacement({ replacement }: NewChange, model: string | null): Promise<CountedReplacement> {
    return { model, messages: await this.events.replacementMessages(replacement, model) };
  }

  /** @returns the model of the conversation, and has written nothing, if the replacement was counted for another one */
  private async write(
    tx: Executor,
    id: ConversationId,
    { ifVersion, ...compaction }: NewChange,
    { messages, model: countedFor }: CountedReplacement,
  ): Promise<Compacted | { model: string | null }> {
    const conversation = await this.conversations.lock(tx, id);
    if (ifVersion !== undefined && ifVersion !== conversation.version)
      throw new VersionMismatchError(ifVersion, conversation.version);
    const { range, warnings, replaced } = await this.planner.plan(tx, id, conversation, compaction);
    const isWithdrawal = messages.length === 0;
    if (conversation.model !== countedFor && !isWithdrawal) return { model: conversation.model };
    const tokens = await this.events.tokensOfRange(tx, id, range);
    const { version, updatedAt } = await this.conversations.advanceVersion(tx, id, isWithdrawal);
    const row = {
      version,
      ...range,
      lastSeq: conversation.lastSeq,
      ...tokens,
      ...messageFields(messages),
      insertedAt: updatedAt,
    };
    await this.compactions.insert(tx, id, row, replaced);
    return { version, ...range, warnings };
  }

  /**
   * What `compact` would do, without a trace.
   *
   * @param conversation its log and its compactions are those of its version
   * @param prefix path of the compaction in the request, with a dot at its end
   * @throws as `compact`, except that a deleted conversation has previews
   *
   * @internal
   */
  async preview(
    id: ConversationId,
    conversation: ConversationRecord,
    compaction: RangeCompaction,
    prefix: string,
  ): Promise<CompactionPreview> {
    const { replacement } = compaction;
    const messages = await this.events.replacementMessages(
      replacement,
      conversation.model,
      `${prefix}replacement`,
    );
    const { database } = this;
    const { range, warnings, active, replaced } = await this.planner.plan(
      database,
      id,
      conversation,
      compaction,
      prefix,
    );
    const version = conversation.version + 1;
    const { messageTokens, ...fields } = messageFields(messages);
    const previewed: UnstoredCompaction = {
      version,
      ...range,
      withdrawn: messages.length === 0,
      tokenEstimate: messageTokens.reduce((sum, tokens) => sum + tokens, 0),
      ...(await this.events.tokensOfRange(database, id, range)),
      summary: { version, messageTokens, ...fields, insertedAt: conversation.now },
    };
    const others = active.filter((each) => !replaced.includes(each));
    return { active: [...others, previewed].sort((a, b) => a.fromSeq - b.fromSeq), warnings };
  }

  /** @internal The compactions that were active at `version`, ascending and disjoint. */
  activeAt(id: ConversationId, version: number): Promise<Compaction[]> {
    return this.compactions.activeAt(id, version);
  }

  /** @internal The compactions after `version`, by version; at most `limit`. */
  after(id: ConversationId, version: number, limit: number): Promise<CompactionChange[]> {
    return this.compactions.after(id, version, limit);
  }

  /** @internal The last seq of the log at `version`: every version after the last compaction is one event. */
  async lastSeqAt(id: ConversationId, version: number): Promise<number> {
    const last = await this.compactions.lastUpTo(id, version);
    return last ? last.lastSeq + version - last.version : version;
  }

  /**
   * The newest of `compactions` (ascending) whose messages fit `maxBytes`, with their messages. The limit in bytes bounds
   * memory, which token counts supplied by callers do not.
   *
   * @internal
   */
  async summaries(
    id: ConversationId,
    compactions: readonly (Compaction | UnstoredCompaction)[],
    maxBytes: number,
  ): Promise<CompactionWithSummary[]> {
    const versions = compactions.filter((each) => !isUnstored(each)).map(({ version }) => version);
    const stored = versions.length
      ? await this.compactions.summaries(id, versions, maxBytes)
      : new Map<number, Summary>();
    const newest: CompactionWithSummary[] = [];
    let remainingBytes = maxBytes;
    for (const compaction of compactions.toReversed()) {
      const summary = isUnstored(compaction) ? compaction.summary : stored.get(compaction.version);
      remainingBytes -= summary ? bytesOf(summary) : Infinity;
      if (!summary || remainingBytes < 0) break;
      newest.push({ compaction, summary });
    }
    return newest.reverse();
  }
}

interface CompactionWithSummary {
  compaction: Compaction;
  summary: Summary;
}

function bytesOf({ messages }: Summary): number {
  return messages.reduce((sum, message) => sum + Buffer.byteLength(message), 0);
}

function messageFields(messages: readonly NewEvent[]): Pick<Summary, 'messages' | 'messageTokens'> {
  return {
    messages: messages.map(({ body }) => body),
    messageTokens: messages.map(({ tokenEstimate }) => tokenEstimate),
  };
}
