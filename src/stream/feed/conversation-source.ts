import type { ConversationId } from '../../common/conversation-id.js';
import type { ConversationRecord } from '../../conversations/conversation.js';
import type { ConversationsService } from '../../conversations/conversations.service.js';
import type { WindowService } from '../../window/window.service.js';
import { frame, type Frame } from '../frames.js';
import type { Change, ChangeReader, LogPosition } from './change-reader.js';

/** The services that a feed reads from. */
export interface FeedServices {
  changes: ChangeReader;
  conversations: ConversationsService;
  windows: WindowService;
}

/** Reads one conversation for its feed: its record, its changes and its windows. */
export class ConversationSource {
  constructor(
    readonly id: ConversationId,
    private readonly services: FeedServices,
  ) {}

  /** @throws ConversationNotFoundError */
  record(): Promise<ConversationRecord> {
    return this.services.conversations.get(this.id);
  }

  positionAt(version: number): Promise<LogPosition> {
    return this.services.changes.positionAt(this.id, version);
  }

  /** See `ChangeReader.between`. */
  changes(history: string, from: LogPosition, to: LogPosition): Promise<Change[]> {
    return this.services.changes.between(this.id, history, from, to);
  }

  /** The `window` frame for `position`. @param record the record, read when the conversation was there or beyond */
  async windowFrame(record: ConversationRecord, position: LogPosition): Promise<Frame> {
    const { needsCompaction, usedTokens } = await this.services.windows.readAt(this.id, record, position);
    const { version } = position;
    return frame('window', { version, needs_compaction: needsCompaction, used_tokens: usedTokens });
  }
}
