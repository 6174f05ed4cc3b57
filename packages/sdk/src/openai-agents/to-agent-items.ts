import { contentBlock, joinedText, type Item, type MessageEvent } from '@fastpaca/messages';
import type { AgentInputItem } from '@openai/agents';
import { toInputContent, type UserContent } from './input-content.js';
import type { AgentItem, ToolItems } from './tool-items.js';

/**
 * Converts an event that no session has stored: a summary, or what `append` or `stream` have appended, in any dialect. The text of a
 * tool becomes nothing but a tool result. Reasoning is left out, because OpenAI accepts only its own.
 */
export function toAgentItems({ role }: MessageEvent, items: readonly Item[], tools: ToolItems): AgentItem[] {
  if (role === 'assistant') return items.flatMap((item) => toModelItem(item, tools) ?? []);
  const results = items.flatMap((item) => (item.kind === 'result' ? (tools.writeResult(item) ?? []) : []));
  return [...results, ...(role === 'user' || role === 'tool' ? toUserItem(items) : toSystemItem(items))];
}

function toModelItem(item: Item, tools: ToolItems): AgentItem | undefined {
  switch (item.kind) {
    case 'text':
      return item.text === '' ? undefined : { item: assistantMessage(item.text, item.isRefusal) };
    case 'call':
      return tools.writeCall(item);
    case 'result':
      return tools.writeResult(item);
    default:
      return undefined;
  }
}

function assistantMessage(text: string, isRefusal: boolean): AgentInputItem {
  const content = isRefusal
    ? ({ type: 'refusal', refusal: text } as const)
    : ({ type: 'output_text', text } as const);
  return { role: 'assistant', status: 'completed', content: [content] };
}

function toSystemItem(items: readonly Item[]): AgentItem[] {
  const content = joinedText(items);
  return content === '' ? [] : [{ item: { role: 'system', content } }];
}

function toUserItem(items: readonly Item[]): AgentItem[] {
  const content = items.flatMap((item): UserContent[] => {
    const block = item.kind === 'text' && item.text === '' ? undefined : contentBlock(item, false);
    return block ? [toInputContent(block)] : [];
  });
  const [first] = content;
  if (!first) return [];
  const isText = content.length === 1 && first.type === 'input_text';
  return [{ item: { role: 'user', content: isText ? first.text : content } }];
}
