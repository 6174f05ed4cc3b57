import { Injectable } from '@nestjs/common';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import type { ConversationId } from '../common/conversation-id.js';
import { CompactionService } from '../compaction/compaction.service.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { VersionMismatchError } from '../conversations/conversations.errors.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { EventsService } from '../events/events.service.js';

/** A version of a conversation and the last seq of its log at that version. */
export interface LogPosition {
  version: number;
  lastSeq: number;
}

interface VersionOptions {
  ifVersion?: number | undefined;
  atVersion?: number | undefined;
}

/** The records of conversations that windows are built from. */
@Injectable()
export class WindowRecords {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly compactions: CompactionService,
    private readonly events: EventsService,
  ) {}

  /**
   * The current record, or that of a past version.
   *
   * @throws ConversationNotFoundError (404)
   * @throws VersionMismatchError (409) the conversation is not at `ifVersion`
   * @throws InvalidPayloadError (400) the conversation has never had the version `atVersion`
   */
  async find(id: ConversationId, { ifVersion, atVersion }: VersionOptions): Promise<ConversationRecord> {
    const conversation = await this.conversations.get(id);
    const { version } = conversation;
    if (ifVersion !== undefined && ifVersion !== version) throw new VersionMismatchError(ifVersion, version);
    if (atVersion === undefined || atVersion === version) return conversation;
    if (!Number.isInteger(atVersion) || atVersion < 0 || atVersion > version) throw unknownVersion(version);
    const lastSeq = await this.compactions.lastSeqAt(id, atVersion);
    return this.at(id, conversation, { version: atVersion, lastSeq });
  }

  /** The record as it was at a past version. Settings and clock are those of now. */
  async at(
    id: ConversationId,
    conversation: ConversationRecord,
    position: LogPosition,
  ): Promise<ConversationRecord> {
    const tokensTotal = await this.events.tokensThrough(id, position.lastSeq);
    return { ...conversation, ...position, tokensTotal };
  }
}

function unknownVersion(version: number): InvalidPayloadError {
  const message = `must be a version of the conversation: 0 to ${version}`;
  return new InvalidPayloadError([{ path: 'at_version', message }]);
}
