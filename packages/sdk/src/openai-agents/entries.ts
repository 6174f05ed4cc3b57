import { readWindow, repairWindow, type ReadMessage, type WindowEvent } from '@fastpaca/messages';
import type { AgentInputItem } from '@openai/agents';
import { isResult } from './item-kinds.js';
import { restoreItem } from './stored-items.js';
import { toAgentItems } from './to-agent-items.js';
import { ToolItems, type AgentItem } from './tool-items.js';

/** An item of a conversation. */
export interface Entry extends AgentItem {
  /** The item as a session has stored it; undefined if it was converted, or added because a call has no result. */
  stored?: AgentInputItem;
  /** Index of the message that the item is of. */
  index: number;
  /** Added because a call has no result. */
  isAdded: boolean;
  /** Items of the same run are of events that directly follow each other in the log. Run 0 begins with the first event. */
  run: number;
}

/**
 * The items of messages, in their order. Results without their call are left out, and calls without a result receive one, except at
 * the end, where the result may still follow. An item that a session has stored is returned as it was added, but the ids of calls
 * are unique.
 */
export function toEntries(messages: readonly WindowEvent[]): Entry[] {
  const repaired = repairWindow(messages).messages;
  const read = readWindow(repaired);
  const tools = new ToolItems(read);
  const runs = runsOf(messages);
  const entries = read.flatMap((message, at): Entry[] => {
    const { index = 0, isAdded = false } = repaired[at] ?? {};
    const place = { index, isAdded, run: runs[index] ?? 0 };
    return toItems(message, tools).map((item) => ({ ...item, ...place }));
  });
  return withAddedBehindCalls(entries);
}

/** Moves added results behind the other calls of an answer: OpenAI looks for their reasoning only in the same answer. */
function withAddedBehindCalls(entries: readonly Entry[]): Entry[] {
  const moved: Entry[] = [];
  let added: Entry[] = [];
  for (const entry of entries) {
    if (entry.isAdded) {
      added.push(entry);
      continue;
    }
    if (!entry.call || isResult(entry.item)) {
      moved.push(...added);
      added = [];
    }
    moved.push(entry);
  }
  return [...moved, ...added];
}

function runsOf(messages: readonly WindowEvent[]): number[] {
  let run = 0;
  let nextSeq: number | undefined = 1;
  return messages.map(({ seq, summary }) => {
    if (summary || seq !== nextSeq) run += 1;
    nextSeq = summary ? undefined : seq + 1;
    return run;
  });
}

function toItems({ event, items }: ReadMessage, tools: ToolItems): (AgentItem & Pick<Entry, 'stored'>)[] {
  const stored = restoreItem(event);
  if (!stored) return toAgentItems(event, items, tools);
  const call = items.find((item) => item.kind === 'call');
  const result = items.find((item) => item.kind === 'result');
  const written = call ? tools.writeCall(call) : result ? tools.writeResult(result) : { item: stored };
  return written ? [{ ...written, stored }] : [];
}
