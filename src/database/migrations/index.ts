import { InitialSchema1764000000000 } from './1764000000000-initial-schema.js';
import { EventOutlines1764200000000 } from './1764200000000-event-outlines.js';
import { ModelsAndPins1764300000000 } from './1764300000000-models-and-pins.js';
import { Calibrations1764400000000 } from './1764400000000-calibrations.js';
import { Withdrawals1764700000000 } from './1764700000000-withdrawals.js';
import { Audit1764800000000 } from './1764800000000-audit.js';
import { Erasures1764950000000 } from './1764950000000-erasures.js';
import { ConversationLists1765000000000 } from './1765000000000-conversation-lists.js';
import { UndoneCompactions1765100000000 } from './1765100000000-undone-compactions.js';
import { TimeToLive1765400000000 } from './1765400000000-time-to-live.js';

/** In the order in which they run. A released migration never changes; add new ones at the end. */
export const MIGRATIONS = [
  InitialSchema1764000000000,
  EventOutlines1764200000000,
  ModelsAndPins1764300000000,
  Calibrations1764400000000,
  Withdrawals1764700000000,
  Audit1764800000000,
  Erasures1764950000000,
  ConversationLists1765000000000,
  UndoneCompactions1765100000000,
  TimeToLive1765400000000,
];
