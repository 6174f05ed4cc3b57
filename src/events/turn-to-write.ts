import type { ConversationId } from '../common/conversation-id.js';
import type { NewEvent } from './event-normalizer.js';

/** A turn that is ready to be written. */
export interface TurnToWrite {
  id: ConversationId;
  /** At least one. */
  events: readonly NewEvent[];
  /** The model that the tokens of the events were counted for; null for the default tokenizer. */
  model: string | null;
  ifVersion?: number;
  idempotencyKey?: string;
}
