import { Injectable } from '@nestjs/common';
import type { ConversationId } from '../common/conversation-id.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import type { StreamRequest } from './connections.js';
import type { StreamQueryDto } from './dto/stream-query.dto.js';

/** Makes sure that what a reader asks for is there, before it is connected. */
@Injectable()
export class StreamAdmission {
  constructor(private readonly conversations: ConversationsService) {}

  /**
   * @param lastVersion what a reconnecting reader had last; it is newer than its cursor
   * @throws ConversationNotFoundError (404)
   */
  async accept(id: ConversationId, query: StreamQueryDto, lastVersion?: number): Promise<StreamRequest> {
    return {
      id,
      conversation: await this.conversations.get(id),
      cursor: lastVersion ?? query.cursor,
      includeEvents: (query.includeEvents ?? query.include_events) !== false,
    };
  }
}
