import type { components } from '../generated/wire-types.js';

type Schemas = components['schemas'];

export type WireConversation = Schemas['Conversation'];
export type WireConversationPage = Schemas['ConversationPage'];
export type WireErasureReceipt = Schemas['ErasureReceipt'];
export type WireConversationSettings = Schemas['ConversationSettings'];
export type WireAppended = Schemas['Appended'];
export type WireAppendedTurn = Schemas['AppendedTurn'];
export type WireUsage = Schemas['Usage'];
export type WireEventPage = Schemas['EventPage'];
export type WireLoggedEvent = Schemas['Event'];
export type WireWindow = Schemas['Window'];
export type WireRepair = Schemas['Repair'];
export type WireWindowMessage = Schemas['Message'];
export type WireCompactionWarning = Schemas['CompactionWarning'];
export type WireCompactionPage = Schemas['CompactionPage'];
export type WireUndone = Schemas['Undone'];
export type WireCompacted = Schemas['Compacted'];
export type WireFrame = Schemas['Frame'];
export type WireFrameEvent = Schemas['StreamedEvent'];
