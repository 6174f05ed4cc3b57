import type { Item, ToolCallItem, ToolResultItem } from './items.js';
import { outlineTool, startsTurn, type OutlineTool } from './outline.js';
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
  const { resultOf, callOf } = pairToolResults(
    messages.map(({ items, startsTurn }) => ({ tools: items.flatMap(itemTool), startsTurn })),
  );
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

function itemTool(item: Item): (OutlineTool & { item: Item })[] {
  return outlineTool(item).map((tool) => ({ ...tool, item }));
}
