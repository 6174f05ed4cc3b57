import type { MessageEvent } from '../event.js';
import type { Item } from '../items.js';
import type { ContentForm } from '../window-event.js';
import type { ReadMessage } from '../window-items.js';
import type { Fields } from './openai-responses-content.js';
import { isItemType, nativeItem, nativeMessage, type NativeItem } from './openai-responses-items.js';

/** What becomes an item of OpenAI Responses: a message with consecutive texts and media, or another item of an event. */
export interface Piece {
  readonly seq: number;
  /** The texts and media of a message; otherwise the items of one part, or of one tool call beside the parts. */
  readonly items: readonly Item[];
  readonly role: 'system' | 'developer' | 'user' | 'assistant';
  readonly source: Fields;
  /** The item as it was stored. */
  readonly native: NativeItem | undefined;
  /** Whether something may have been taken out directly before, so that an item may lack its reasoning. */
  readonly isAfterGap: boolean;
  /** Whether the turn of the newest message of the user is not over. */
  readonly isInOpenTurn: boolean;
  readonly contentForm: ContentForm | undefined;
  /** Whether the event has nothing else. */
  readonly isWhole: boolean;
}

export function piecesOf(messages: readonly ReadMessage[]): Piece[] {
  const openTurnFrom = messages.findLastIndex(({ startsTurn }) => startsTurn) + 1;
  const pieces: Piece[] = [];
  let isAfterGap = false;
  for (const [index, message] of messages.entries()) {
    isAfterGap ||= isGapBefore(messages, index);
    const groups = groupItems(message.items);
    for (const items of groups) {
      const isWhole = groups.length === 1;
      pieces.push({ ...pieceOf(message, items, isWhole), isAfterGap, isInOpenTurn: index >= openTurnFrom });
      isAfterGap = false;
    }
  }
  return pieces;
}

function pieceOf(
  message: ReadMessage,
  items: readonly Item[],
  isWhole: boolean,
): Omit<Piece, 'isAfterGap' | 'isInOpenTurn'> {
  const { seq, event, contentForm } = message;
  const [first] = items;
  const isMessage = first !== undefined && isContent(first);
  const source = isMessage ? event : (first?.source ?? event);
  const native = isMessage ? messageOf(message, items, isWhole) : nativeItem(source);
  return { seq, items, role: roleOf(event, source), source, native, contentForm, isWhole };
}

function isGapBefore(messages: readonly ReadMessage[], index: number): boolean {
  const { seq, isReduced } = messages[index] ?? {};
  if (isReduced) return true;
  const before = messages[index - 1];
  if (!before) return seq !== 1;
  return before.summary !== undefined || seq !== before.seq + 1;
}

/** Consecutive texts and media are one group; other items only with those of the same source that OpenAI keeps in one item. */
function groupItems(items: readonly Item[]): Item[][] {
  const groups: Item[][] = [];
  for (const item of items) {
    if (item.kind === 'step') continue;
    const group = groups.at(-1);
    const last = group?.at(-1);
    const isSame = last && (isContent(item) ? isContent(last) : isSameItem(item, last));
    if (group && isSame) group.push(item);
    else groups.push([item]);
  }
  return groups;
}

/** Whether two items were read from one item of OpenAI Responses. */
function isSameItem({ source }: Item, last: Item): boolean {
  return source === last.source && isItemType(source.type);
}

/** Whether an item belongs to the content of the event, and is not an item of its own. */
function isContent({ kind, source }: Item): boolean {
  return (kind === 'text' || kind === 'media') && !isItemType(source.type);
}

function roleOf({ role }: MessageEvent, source: Fields): Piece['role'] {
  const given = source.type === 'message' ? source.role : role;
  if (given === 'system' || given === 'developer' || given === 'assistant') return given;
  return role === 'assistant' && given !== 'user' ? 'assistant' : 'user';
}

/** The message of an event that was stored as a message of OpenAI Responses. */
function messageOf(
  { event, contentForm }: ReadMessage,
  items: readonly Item[],
  isWhole: boolean,
): NativeItem | undefined {
  const sources = [...new Set(items.map(({ source }) => source))];
  const [only] = sources;
  if (!isWhole && items.every((item) => item.kind === 'text' && item.text === '')) return undefined;
  const isText = sources.length === 1 && only?.type === 'text' && contentForm !== 'parts';
  const { type, id, status, phase } = event;
  const fields = type === 'message' && isWhole ? { type, id, status, phase } : {};
  return nativeMessage({ ...fields, role: event.role, content: isText ? only.text : sources });
}
