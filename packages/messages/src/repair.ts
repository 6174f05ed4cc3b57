import type { MessageEvent } from './event.js';
import { openFromSeq } from './groups.js';
import type { ToolCallItem } from './items.js';
import { outlineOfItems } from './outline.js';
import { isOfToolMessage } from './read/tool-results.js';
import { isUiToolPart } from './read/ui-tool-parts.js';
import { callsAwaitingExecution } from './approvals.js';
import { NO_RESULT_TEXT, syntheticResults } from './synthetic-result.js';
import { wellFormedEvent } from './well-formed.js';
import type { Repair, WindowEvent } from './window-event.js';
import { pairTools, readWindow, type ReadMessage, type ToolPairs } from './window-items.js';

export interface RepairedWindow {
  messages: RepairedMessage[];
  repairs: Repair[];
}

export interface RepairedMessage extends WindowEvent {
  /** Index of the message before the repair; of an added message, the one with the call. */
  index: number;
  isAdded: boolean;
}

/**
 * Repairs what every provider rejects, in the dialects of the messages:
 *
 * - A tool result without its call is removed, and so is a message that has nothing else.
 * - A tool call without a result receives one that says so, directly after its message, in a message with `synthetic: true`.
 *   A call stays open if nothing but calls and results follows its group, because it may still be answered, if the user has just
 *   approved or denied it, and if the provider executes the tool.
 * - A lone surrogate becomes U+FFFD.
 */
export function repairWindow(messages: readonly WindowEvent[]): RepairedWindow {
  const repairs: Repair[] = [];
  const wellFormed = replaceIllFormedText(messages, repairs);
  const read = readWindow(wellFormed);
  const pairs = pairTools(read);
  const openFrom = firstOpen(read);
  const awaiting = callsAwaitingExecution(read);
  const repaired = read.flatMap((message, index): RepairedMessage[] => {
    const source = wellFormed[index];
    if (!source) return [];
    const unanswered = (index < openFrom ? unansweredCalls(message, pairs) : []).filter(
      (call) => !awaiting.has(call),
    );
    const event = withoutOrphans(answerUiParts(message.event, unanswered), message, pairs, repairs);
    for (const call of unanswered) repairs.push(missingResult(message.seq, call));
    const kept = event ? [{ ...source, event, index, isAdded: false }] : [];
    const added = syntheticResults(unanswered.filter(({ source: part }) => !isUiToolPart(part)));
    return [...kept, ...added.map((each) => ({ seq: message.seq, event: each, index, isAdded: true }))];
  });
  return { messages: repaired, repairs };
}

/** Replaces lone surrogates; messages without one stay the same objects. */
export function replaceIllFormedText(messages: readonly WindowEvent[], repairs: Repair[]): WindowEvent[] {
  return messages.map((message) => {
    const event = wellFormedEvent(message.event);
    if (event === message.event) return message;
    repairs.push({ code: 'ill_formed_text', seq: message.seq, action: 'replaced lone surrogates by U+FFFD' });
    return { ...message, event };
  });
}

export function missingResult(seq: number, { id }: ToolCallItem): Repair {
  return {
    code: 'call_without_result',
    seq,
    ...(id !== undefined && { call_id: id }),
    action: 'added a result',
  };
}

export function orphanedResult(seq: number, callId: string | undefined): Repair {
  return {
    code: 'result_without_call',
    seq,
    ...(callId !== undefined && { call_id: callId }),
    action: 'removed the result',
  };
}

/** The index of the first message whose calls may still be answered. */
function firstOpen(messages: readonly ReadMessage[]): number {
  return openFromSeq(
    messages.map(({ event, items }, index) => ({ seq: index, outline: outlineOfItems(event, items) })),
  );
}

function unansweredCalls({ items }: ReadMessage, { resultOf }: ToolPairs): ToolCallItem[] {
  return items.filter(
    (item): item is ToolCallItem => item.kind === 'call' && !item.isProviderExecuted && !resultOf.has(item),
  );
}

/** A UI tool part holds its own result. */
function answerUiParts(event: MessageEvent, unanswered: readonly ToolCallItem[]): MessageEvent {
  const uiParts = new Set(unanswered.map(({ source }) => source).filter((source) => isUiToolPart(source)));
  if (uiParts.size === 0) return event;
  const parts = event.parts.map((part) =>
    uiParts.has(part) ? { ...part, state: 'output-error', errorText: NO_RESULT_TEXT, synthetic: true } : part,
  );
  return { ...event, parts };
}

/** @returns undefined if nothing is left of the event */
function withoutOrphans(
  event: MessageEvent,
  { items, seq }: ReadMessage,
  { callOf }: ToolPairs,
  repairs: Repair[],
): MessageEvent | undefined {
  const orphans = items.filter((item) => item.kind === 'result').filter((result) => !callOf.has(result));
  if (orphans.length === 0) return event;
  for (const { callId } of orphans) repairs.push(orphanedResult(seq, callId));
  if (orphans.some(({ place }) => place.field === 'event')) return undefined;
  const removed = new Set(orphans.map(({ place }) => place.index));
  const parts = event.parts.filter((_, index) => !removed.has(index));
  const hasCalls = Array.isArray(event.tool_calls) && event.tool_calls.length > 0;
  const rest = { ...event, parts };
  // What stands beside the results of a tool message would be read as a result itself, or mean nothing.
  if (event.role === 'tool' && !parts.some(isOfToolMessage)) return undefined;
  return parts.length > 0 || hasCalls ? rest : undefined;
}
