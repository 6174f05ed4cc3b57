import type { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { UnavailableError } from '../common/errors/common.errors.js';
import { AppConfig } from '../config/app-config.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import type { StreamQueryDto } from './dto/stream-query.dto.js';
import { TooManyStreamsError } from './stream.errors.js';

/** A stream that may be opened. */
export interface StreamRequest {
  id: ConversationId;
  /** The conversation, just read. */
  record: ConversationRecord;
  /** The last version that the reader has; undefined to begin with what changes from now on. */
  cursor: number | undefined;
  includeEvents: boolean;
}

/** Decides whether a reader may connect: the node has a free slot, and the conversation exists. */
@Injectable()
export class StreamAdmission {
  private slotsInUse = 0;

  constructor(
    private readonly conversations: ConversationsService,
    private readonly lifecycle: Lifecycle,
    private readonly config: AppConfig,
  ) {}

  /**
   * Takes a slot at once and keeps it until `connection` closes, whether or not the stream is admitted.
   *
   * @param lastEventId the last version that a reconnecting reader received; takes the place of the cursor
   * @throws TooManyStreamsError (503), UnavailableError (503) when the service is stopping
   * @throws ConversationNotFoundError (404)
   */
  async admit(
    connection: EventEmitter,
    id: ConversationId,
    query: StreamQueryDto,
    lastEventId?: number,
  ): Promise<StreamRequest> {
    this.takeSlot(connection);
    return {
      id,
      record: await this.conversations.get(id),
      cursor: lastEventId ?? query.cursor,
      includeEvents: (query.includeEvents ?? query.include_events) !== false,
    };
  }

  private takeSlot(connection: EventEmitter): void {
    if (this.lifecycle.isDraining) throw new UnavailableError('The service is stopping');
    const limit = this.config.streamMaxConnections;
    if (this.slotsInUse >= limit) throw new TooManyStreamsError(limit);
    this.slotsInUse += 1;
    connection.once('close', () => (this.slotsInUse -= 1));
  }
}
