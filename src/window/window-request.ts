import type { Format } from '@fastpaca/messages';
import type { ConversationId } from '../common/conversation-id.js';
import type { Compaction } from '../compaction/compaction.js';
import type { ConversationRecord } from '../conversations/conversation.js';
import type { ConfiguredPolicy } from '../policies/policy.registry.js';

/** Everything that decides a window. */
export interface WindowRequest {
  id: ConversationId;
  /** Version, end of the log, token total and settings. The log and the compactions are read as of its version. */
  conversation: ConversationRecord;
  policy: ConfiguredPolicy;
  /** Narrows the budget; undefined if the caller gave none. */
  callBudgetTokens?: number | undefined;
  /** The active compactions, ascending, of a preview; undefined for those that are stored. */
  compactions?: readonly Compaction[] | undefined;
  /** Whether the window says why each event of the log is in it or not. */
  explain?: boolean | undefined;
  /** The format that the window is rendered in; undefined for messages as they are stored. */
  format?: Format | undefined;
}
