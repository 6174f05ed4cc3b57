import type { Item, ToolCallItem, ToolResultItem } from './items.js';
import { startsTurn } from './outline.js';
import { pairToolResults } from './pairing.js';
import { readItems } from './read/read-items.js';
import type { WindowEvent } from './window-event.js';

/** A message of a window with its items. */
export interface ReadMessage extends WindowEvent {
  items: readonly Item[];
  /** A message of the user that is more than tool results. */
  startsTurn: boolean;
}

export function readWindow(messages: readonly WindowEvent[]): ReadMessage[] {
  return messages.map((message) => {
    const items = readItems(message.event);
    return { ...message, items, startsTurn: startsTurn(message.event, items) };
  });
}

/** Which tool result answers which tool call of a window. */
export interface ToolPairs {
  resultOf: ReadonlyMap<ToolCallItem, ToolResultItem>;
  callOf: ReadonlyMap<ToolResultItem, ToolCallItem>;
}

export function pairTools(messages: readonly ReadMessage[]): ToolPairs {
  const { resultOf, callOf } = pairToolResults(toolEntries(messages), ({ startsTurn }) => startsTurn);
  return {
    resultOf: new Map(
      [...resultOf].map(([{ item: call }, { item: result }]) => [
        call as ToolCallItem,
        result as ToolResultItem,
      ]),
    ),
    callOf: new Map(
      [...callOf].map(([{ item: result }, { item: call }]) => [
        result as ToolResultItem,
        call as ToolCallItem,
      ]),
    ),
  };
}

interface ToolEntry {
  kind: 'call' | 'result';
  id: string | undefined;
  isProviderExecuted?: boolean;
  item: ToolCallItem | ToolResultItem;
  startsTurn: boolean;
}

function* toolEntries(messages: readonly ReadMessage[]): Generator<ToolEntry> {
  let startsTurn = false;
  for (const message of messages) {
    for (const item of message.items) {
      if (item.kind !== 'call' && item.kind !== 'result') continue;
      yield item.kind === 'call'
        ? { kind: 'call', id: item.id, isProviderExecuted: item.isProviderExecuted, item, startsTurn }
        : { kind: 'result', id: item.callId, item, startsTurn };
      startsTurn = false;
    }
    // After its items: a message of the user may begin with the results of the turn before.
    startsTurn ||= message.startsTurn;
  }
}
