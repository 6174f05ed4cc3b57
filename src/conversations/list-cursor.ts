import { idViolation } from '../common/conversation-id.js';

/** `activity`: by the hour of the last change, and within an hour by creation. `created`: by creation. */
export const LIST_ORDERS = ['activity', 'created'] as const;
export type ListOrder = (typeof LIST_ORDERS)[number];

/** An entry of a list. The next page begins after it. */
export interface ListPosition {
  order: ListOrder;
  hour: Date;
  createdAt: Date;
  id: string;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The position as a text that callers pass back unchanged. */
export function listCursor({ order, hour, createdAt, id }: ListPosition): string {
  return Buffer.from(JSON.stringify([order, hour, createdAt, id])).toString('base64url');
}

/** Undefined for a text that `listCursor` does not make. */
export function parseListCursor(cursor: unknown): ListPosition | undefined {
  if (typeof cursor !== 'string') return undefined;
  const values = parseArray(Buffer.from(cursor, 'base64url').toString());
  const [order, hour, createdAt, id] = values ?? [];
  if (!isOrder(order) || !isTime(hour) || !isTime(createdAt)) return undefined;
  if (typeof id !== 'string' || idViolation(id) !== undefined) return undefined;
  const position = { order, hour: new Date(hour), createdAt: new Date(createdAt), id };
  return listCursor(position) === cursor ? position : undefined;
}

function parseArray(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isOrder(value: unknown): value is ListOrder {
  return LIST_ORDERS.some((order) => order === value);
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value));
}
