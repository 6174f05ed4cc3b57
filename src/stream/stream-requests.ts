import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import type { StreamRequest } from './connections.js';
import type { StreamQueryDto } from './dto/stream-query.dto.js';

/** Makes sure that what a reader asks for is there, before it is connected. */
@Injectable()
export class StreamRequests {
  constructor(private readonly conversations: ConversationsService) {}

  /**
   * @param lastEventId what a reconnecting reader of server-sent events had last; it is newer than its cursor
   * @throws ConversationNotFoundError (404)
   * @throws InvalidPayloadError (400) `Last-Event-ID` is not a version
   */
  async accept(id: ConversationId, query: StreamQueryDto, lastEventId?: string): Promise<StreamRequest> {
    if (lastEventId !== undefined && !/^\d{1,15}$/.test(lastEventId)) {
      throw new InvalidPayloadError([
        { path: 'Last-Event-ID', message: 'must be the id of an event of this stream' },
      ]);
    }
    return {
      id,
      conversation: await this.conversations.get(id),
      cursor: lastEventId === undefined ? query.cursor : Number(lastEventId),
      includeEvents: (query.includeEvents ?? query.include_events) !== false,
    };
  }
}
