import { firstString } from '../event.js';
import type { ToolCallItem } from '../items.js';
import type { Repair } from '../window-event.js';
import type { ArrangedMessage } from './arrange.js';

/** What a provider demands of the ids of tool calls. */
export interface CallIdRules {
  maxLength: number;
  /** Whether ids must be unique in the whole prompt. Otherwise only the calls of one message must differ. */
  isUniqueInPrompt: boolean;
  /** Whether ids may have other characters than letters, digits, `_` and `-`. Default false: they become `_`. */
  allowsAnyCharacter?: boolean;
}

/**
 * The id that each call has in a prompt: its own if the rules allow it. A missing or empty id is made from the seq, and a repeated id gets
 * a number. Ids depend only on the messages up to the call, so the prompt of a longer conversation begins with the same ids.
 *
 * @param messages only those of the role `assistant` have calls
 */
export function assignCallIds(
  messages: readonly Pick<ArrangedMessage, 'role' | 'items' | 'seq'>[],
  rules: CallIdRules,
): Map<ToolCallItem, string> {
  const ids = new Map<ToolCallItem, string>();
  let used = new Set<string>();
  for (const { role, items, seq } of messages) {
    if (role !== 'assistant') continue;
    if (!rules.isUniqueInPrompt) used = new Set();
    for (const item of items) {
      if (item.kind !== 'call') continue;
      const id = unusedCallId(item, seq, used, rules);
      used.add(id);
      ids.set(item, id);
    }
  }
  return ids;
}

/** The id of one call, as `assignCallIds` assigns it. */
export function unusedCallId(
  { id, place }: ToolCallItem,
  seq: number,
  used: ReadonlySet<string>,
  { maxLength, allowsAnyCharacter = false }: Omit<CallIdRules, 'isUniqueInPrompt'>,
): string {
  const own = firstString(id) ?? `call_${seq}_${place.index}`;
  const legal = allowsAnyCharacter ? own : own.replace(/[^a-zA-Z0-9_-]/g, '_');
  return firstUnused(legal.slice(0, maxLength), used, maxLength);
}

/** The repair that says that a call has another id or name in the prompt; none if both are as the model gave them. */
export function renamedCall(call: ToolCallItem, seq: number, id: string, name: string): Repair[] {
  if (name === call.name && (call.id === undefined || call.id === id)) return [];
  return [{ code: 'renamed', seq, call_id: id, action: 'made the id and the name of the call legal' }];
}

function firstUnused(id: string, used: ReadonlySet<string>, maxLength: number): string {
  let candidate = id;
  for (let number = 2; used.has(candidate); number += 1) {
    const suffix = `_${number}`;
    candidate = id.slice(0, maxLength - suffix.length) + suffix;
  }
  return candidate;
}
