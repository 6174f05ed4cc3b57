import { firstString } from '../event.js';
import type { ToolCallItem } from '../items.js';
import { UniqueIds } from '../unique-ids.js';
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
  let uniqueIds = new UniqueIds('_', rules.maxLength);
  for (const { role, items, seq } of messages) {
    if (role !== 'assistant') continue;
    if (!rules.isUniqueInPrompt) uniqueIds = new UniqueIds('_', rules.maxLength);
    for (const item of items) {
      if (item.kind === 'call') ids.set(item, uniqueCallId(item, seq, uniqueIds, rules));
    }
  }
  return ids;
}

/** The id of one call, as `assignCallIds` assigns it. */
export function uniqueCallId(
  { id, place }: ToolCallItem,
  seq: number,
  uniqueIds: UniqueIds,
  { allowsAnyCharacter = false }: Pick<CallIdRules, 'allowsAnyCharacter'> = {},
): string {
  const own = firstString(id) ?? `call_${seq}_${place.index}`;
  return uniqueIds.add(allowsAnyCharacter ? own : own.replace(/[^a-zA-Z0-9_-]/g, '_'));
}

/** The repair that says that a call has another id or name in the prompt; none if both are as the model gave them. */
export function renamedCall(call: ToolCallItem, seq: number, id: string, name: string): Repair[] {
  if (name === call.name && (call.id === undefined || call.id === id)) return [];
  return [{ code: 'renamed', seq, call_id: id, action: 'made the id and the name of the call legal' }];
}
