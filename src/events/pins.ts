import type { NewEvent } from './event-normalizer.js';

/** Most system and developer events at the very beginning of a log that stay in every window. */
export const MAX_HEAD_LENGTH = 256;

/** Most events of a conversation that may be pinned. */
export const MAX_PINNED_EVENTS = 256;

/** Whether an event with this role belongs to the head of a log if only such events precede it. */
export function isHeadRole(role: string): boolean {
  return role === 'system' || role === 'developer';
}

/** The number of events at the beginning of a turn that belong to the head of the log if the turn is its first. */
export function leadingHeadEvents(events: readonly NewEvent[]): number {
  const other = events.findIndex(({ role }) => !isHeadRole(role));
  return other === -1 ? events.length : other;
}

/** The positions of the pinned events of a turn, from 0. */
export function pinnedIndexes(events: readonly NewEvent[]): number[] {
  return events.flatMap(({ pinned }, index) => (pinned ? [index] : []));
}

export function hasPinnedEvents(events: readonly NewEvent[]): boolean {
  return events.some(({ pinned }) => pinned);
}
