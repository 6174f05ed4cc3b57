import type { components } from '../generated/wire-types.js';

type Schemas = components['schemas'];

export type WireConversation = Schemas['ConversationDto'];
export type WireConversationSettings = Schemas['PutConversationDto'];
export type WireAppended = Schemas['AppendedDto'];
export type WireAppendedTurn = Schemas['AppendedTurnDto'];
export type WireEventPage = Schemas['EventPageDto'];
export type WireLoggedEvent = WireEventPage['events'][number];
export type WireWindow = Schemas['WindowDto'];
export type WireWindowMessage = WireWindow['messages'][number];
export type WireCompacted = Schemas['CompactedDto'];
export type WireFrame =
  | Schemas['EventFrame']
  | Schemas['WindowFrame']
  | Schemas['CompactionFrame']
  | Schemas['TombstonedFrame']
  | Schemas['ResetFrame']
  | Schemas['GapFrame']
  | Schemas['PingFrame'];
export type WireFrameEvent = Schemas['EventFrame']['event'];
