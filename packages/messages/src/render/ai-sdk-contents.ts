import type { Item, ToolCallItem } from '../items.js';
import type { WindowEvent } from '../window-event.js';
import { pairTools, readWindow, type ReadMessage, type ToolPairs } from '../window-items.js';
import { callsAwaitingExecution } from '../approvals.js';
import { isModelPart } from './ai-sdk-native.js';
import { AiSdkPartWriter } from './ai-sdk-part-writer.js';
import type { ArrangedMessage } from './arrange.js';
import { isBlock } from './native.js';
import { joinedText } from './system-text.js';

/** The `content` of a `ModelMessage` of the AI SDK. */
export type ModelContent = string | object[];

/**
 * The `content` that each message of a window has as a `ModelMessage` of its own role. Unlike `renderAiSdk` it makes no message more
 * or less, so it leaves out what would need that:
 *
 * - The tool parts of UI messages, which are a message of the model and a tool message.
 * - Tool calls whose results are not in the tool messages directly behind them, and these results.
 * - Parts that no model message of the role can contain.
 *
 * Content that would be empty becomes a placeholder with the types left out, such as `[tool_use]`, because providers reject empty
 * messages. A tool message cannot contain text: its content is then an empty list.
 */
export function modelContents(messages: readonly WindowEvent[]): ModelContent[] {
  const read = readWindow(messages);
  const pairs = pairTools(read);
  const kept = findKeptCalls(read, pairs);
  const isKept = (item: Item) =>
    item.kind === 'call' ? kept.has(item) : item.kind !== 'result' || isKeptResult(item, pairs, kept);
  const arranged = read.map((message) => toArranged(message, message.items.filter(isKept)));
  const writer = new AiSdkPartWriter(
    { messages: arranged, callOf: pairs.callOf, isWholeLog: true, repairs: [] },
    undefined,
  );
  return arranged.map((message) => contentOf(message, writer));
}

/** The calls that a message can contain: their results directly follow, or the AI SDK or the provider adds them. */
function findKeptCalls(messages: readonly ReadMessage[], { resultOf }: ToolPairs): Set<ToolCallItem> {
  const kept = new Set<ToolCallItem>();
  const awaiting = callsAwaitingExecution(messages);
  for (const [index, { event, items }] of messages.entries()) {
    if (event.role !== 'assistant') continue;
    let end = index + 1;
    while (messages[end]?.event.role === 'tool') end += 1;
    const following = messages.slice(index + 1, end);
    const reachable = new Set(following.flatMap((message) => message.items));
    for (const item of items) {
      if (item.kind !== 'call' || typeof item.source.state === 'string') continue;
      const result = resultOf.get(item);
      const isExecuted = item.isProviderExecuted && isModelPart(item.source, 'assistant');
      const hasResult = result !== undefined && reachable.has(result);
      if (isExecuted || hasResult || (!result && awaiting.has(item))) kept.add(item);
    }
  }
  return kept;
}

function isKeptResult(
  item: Item & { kind: 'result' },
  { callOf }: ToolPairs,
  kept: ReadonlySet<ToolCallItem>,
): boolean {
  const call = callOf.get(item);
  return call !== undefined && kept.has(call);
}

function toArranged(message: ReadMessage, items: readonly Item[]): ArrangedMessage {
  const { seq, event, contentForm } = message;
  const role = event.role === 'developer' ? 'system' : event.role;
  return { role, seq, event, items, isWhole: true, isInOpenTurn: true, ...(contentForm && { contentForm }) };
}

function contentOf(message: ArrangedMessage, writer: AiSdkPartWriter): ModelContent {
  const { role, event, items } = message;
  if (role === 'tool') return writer.ofTool(message).parts;
  const parts =
    role === 'system' ? [] : role === 'user' ? writer.ofUser(message) : writer.ofAssistant(message);
  const [only] = parts;
  if (parts.length === 1 && isBlock(only, 'text', ['text'])) return String(only?.text);
  if (parts.length > 0) return parts;
  const isText = items.some(({ kind }) => kind === 'text');
  return isText ? joinedText(items) : placeholder(event);
}

function placeholder({ parts, tool_calls: calls }: ArrangedMessage['event']): string {
  const types = new Set(parts.map(({ type }) => type));
  if (Array.isArray(calls) && calls.length > 0) types.add('tool_calls');
  return types.size > 0 ? `[${Array.from(types).join(', ')}]` : '';
}
