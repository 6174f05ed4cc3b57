import {
  argumentsText,
  assignCallIds,
  legalToolName,
  outputContent,
  pairTools,
  type ReadMessage,
  type ToolCallItem,
  type ToolPairs,
  type ToolResultItem,
} from '@fastpaca/messages';
import type { AgentInputItem } from '@openai/agents';
import { toInputContent, type FunctionOutput } from './input-content.js';
import { CALL_TYPE_OF_RESULT, isResultType } from './item-kinds.js';
import { restoreItem } from './stored-items.js';

/** An item of the Agents SDK, and the call that it is, or whose result it is. */
export interface AgentItem {
  item: AgentInputItem;
  call?: ToolCallItem;
}

/** OpenAI's limit. */
const MAX_CALL_ID_LENGTH = 64;

/**
 * Writes the tool calls and results of a window as items. A call that a session has stored stays as it is, and so does its result, but
 * ids are unique. Everything else becomes a function call or its result.
 */
export class ToolItems {
  private readonly pairs: ToolPairs;
  private readonly idOf: ReadonlyMap<ToolCallItem, string>;
  /** The items of the Agents SDK that calls and results were read from. */
  private readonly ownItems = new Map<ToolCallItem | ToolResultItem, AgentInputItem>();

  constructor(messages: readonly ReadMessage[]) {
    this.pairs = pairTools(messages);
    this.idOf = uniqueCallIds(messages);
    for (const { event, items } of messages) {
      const stored = restoreItem(event);
      for (const item of items) {
        if (item.kind !== 'call' && item.kind !== 'result') continue;
        const own = stored ?? (item.kind === 'result' ? asOwnResult(item.source) : undefined);
        if (own) this.ownItems.set(item, own);
      }
    }
  }

  /** Undefined if another provider executes the call and its result is missing. */
  writeCall(call: ToolCallItem): AgentItem | undefined {
    const own = this.ownItems.get(call);
    if (own && this.staysOwn(call, own)) return { call, item: withCallId(own, this.idOf.get(call)) };
    if (call.isProviderExecuted && !this.pairs.resultOf.has(call)) return undefined;
    return {
      call,
      item: {
        type: 'function_call',
        callId: this.idOf.get(call) ?? '',
        name: legalToolName(call.name),
        arguments: argumentsText(call),
        status: 'completed',
      },
    };
  }

  /** Undefined if the result has no call. */
  writeResult(result: ToolResultItem): AgentItem | undefined {
    const call = this.pairs.callOf.get(result);
    if (!call) return undefined;
    const callId = this.idOf.get(call) ?? '';
    const own = this.ownItems.get(result);
    const ownCall = this.ownItems.get(call);
    const type = ownCall && this.staysOwn(call, ownCall) ? ownCall.type : 'function_call';
    if (own && isResultOf(own, type)) return { call, item: withCallId(own, callId) };
    const name = legalToolName(call.name);
    return {
      call,
      item: { type: 'function_call_result', callId, name, status: 'completed', output: outputOf(result) },
    };
  }

  /** Only function calls accept any result. A policy may have replaced the output of another call by a text. */
  private staysOwn(call: ToolCallItem, own: AgentInputItem): boolean {
    if (own.type === 'function_call') return true;
    const result = this.pairs.resultOf.get(call);
    const ownResult = result && this.ownItems.get(result);
    return !result || ownResult === own || (ownResult !== undefined && isResultOf(ownResult, own.type));
  }
}

function uniqueCallIds(messages: readonly ReadMessage[]): Map<ToolCallItem, string> {
  return assignCallIds(
    messages.map(({ event, items, seq }) => ({
      role: event.role === 'assistant' ? 'assistant' : 'user',
      items,
      seq,
    })),
    { maxLength: MAX_CALL_ID_LENGTH, isUniqueInPrompt: true, allowsAnyCharacter: true },
  );
}

/** A result in the dialect of the Agents SDK that no session has stored, such as the one that a repair has added. */
function asOwnResult(source: Readonly<Record<string, unknown>>): AgentInputItem | undefined {
  const { type, callId } = source;
  const isOwn = isResultType(type) && typeof callId === 'string';
  return isOwn ? (source as unknown as AgentInputItem) : undefined;
}

/** Whether a result belongs to this type of call and has the kind of output that OpenAI accepts for it. */
function isResultOf(result: AgentInputItem, callType: string | undefined): boolean {
  if (result.type === undefined || CALL_TYPE_OF_RESULT[result.type] !== callType) return false;
  if (result.type === 'computer_call_result') return typeof result.output === 'object';
  if (result.type === 'shell_call_output') return Array.isArray(result.output);
  return true;
}

function withCallId(item: AgentInputItem, callId: string | undefined): AgentInputItem {
  const isSame = !('callId' in item) || item.callId === callId || callId === undefined;
  return isSame ? item : { ...item, callId };
}

function outputOf(result: ToolResultItem): FunctionOutput {
  const output = outputContent(result, () => undefined);
  return typeof output === 'string' ? { type: 'text', text: output } : output.map(toInputContent);
}
