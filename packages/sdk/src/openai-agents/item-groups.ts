import type { AgentInputItem } from '@openai/agents';
import type { Entry } from './entries.js';
import { isInput, isOfModel, isReasoning, isResult } from './item-kinds.js';

/**
 * The items without those that OpenAI rejects because another item is missing, which a policy, a compaction, the token budget or a
 * limit has removed:
 *
 * - results without their call, and approvals without their request;
 * - reasoning without the item that the model produced with it;
 * - items whose id says that reasoning belongs to them, without this reasoning. They lose the id; what cannot be without an id, a call
 *   that OpenAI has executed, is left out.
 */
export function keepCompleteGroups(entries: readonly Entry[]): AgentInputItem[] {
  const complete = withoutLostReasoning(withResultsOfCalls(entries));
  return withRequestsOfApprovals(withResultsOfCalls(complete).map(({ item }) => item));
}

function withResultsOfCalls(entries: readonly Entry[]): Entry[] {
  const calls = new Set(entries.map(({ item, call }) => (isResult(item) ? undefined : call)));
  return entries.filter(({ item, call }) => !isResult(item) || calls.has(call));
}

function withoutLostReasoning(entries: readonly Entry[]): Entry[] {
  const kept = keptReasoning(entries);
  const [first] = entries;
  /** Whether all reasoning of the current answer is there. */
  let hasReasoning = first?.run === 0 && first.index === 0;
  let run = first?.run;
  return entries.flatMap((entry): Entry[] => {
    if (entry.run !== run || entry.isAdded) hasReasoning = false;
    run = entry.run;
    if (isReasoning(entry.item)) {
      hasReasoning = kept.has(entry);
      return hasReasoning ? [entry] : [];
    }
    if (isInput(entry.item)) hasReasoning = true;
    if (hasReasoning || !isOfModel(entry.item)) return [entry];
    return withoutId(entry);
  });
}

/** The reasoning that is followed by what the model produced with it. */
function keptReasoning(entries: readonly Entry[]): Set<Entry> {
  const answered = new Set(entries.map(({ item, call }) => (isResult(item) ? call : undefined)));
  const kept = new Set<Entry>();
  let isOpenToEnd = true;
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const entry = entries[index];
    const next = entries[index + 1];
    if (!entry) continue;
    if (!isReasoning(entry.item)) {
      isOpenToEnd &&= isOpenCall(entry, answered);
      continue;
    }
    if (next?.run !== entry.run) continue;
    // The SDK removes an open call together with its reasoning. Other items of the answer would then be without it.
    const staysOpen = isOpenToEnd || !isOpenCall(next, answered);
    if (isReasoning(next.item) ? kept.has(next) : isOfModel(next.item) && next.stored && staysOpen)
      kept.add(entry);
  }
  return kept;
}

/** Whether a call waits for its result. Most calls that OpenAI executes have no result item. */
function isOpenCall({ item, call }: Entry, answered: ReadonlySet<Entry['call']>): boolean {
  const isAnswered = call === undefined || answered.has(call) || item.type === 'hosted_tool_call';
  return !isAnswered && !isResult(item);
}

/** Empty for a call that OpenAI has executed, which cannot be without its id. */
function withoutId(entry: Entry): Entry[] {
  const { id, ...item } = entry.item;
  if (id === undefined) return [entry];
  if (item.type === 'hosted_tool_call' || item.type === 'program') return [];
  return [{ ...entry, item }];
}

function withRequestsOfApprovals(items: readonly AgentInputItem[]): AgentInputItem[] {
  const ids = new Set(items.map((item) => ('id' in item ? item.id : undefined)));
  return items.filter((item) => {
    if (item.type !== 'hosted_tool_call' || item.providerData?.type !== 'mcp_approval_response') return true;
    return ids.has(item.providerData.approval_request_id as string);
  });
}
