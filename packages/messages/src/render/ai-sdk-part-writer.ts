import { isObject } from '../event.js';
import type { Item, OpaqueItem, ReasoningItem, TextItem, ToolCallItem, ToolResultItem } from '../items.js';
import { isUiToolPart } from '../read/ui-tool-parts.js';
import { uiApprovalRequest } from './ai-sdk-approvals.js';
import { isModelPart, isOfAiSdk, type AiSdkVersion } from './ai-sdk-native.js';
import { writeOutput, type WrittenOutput } from './ai-sdk-outputs.js';
import {
  callPart,
  opaquePart,
  executedCallPart,
  executedResultPart,
  filePart,
  isSignedByAnthropic,
  mediaPart,
  reasoningPart,
  resultPart,
  textPart,
} from './ai-sdk-parts.js';
import { withoutUnboundItemIds } from './ai-sdk-item-ids.js';
import type { ArrangedMessage, Arrangement } from './arrange.js';
import { assignCallIds } from './call-ids.js';
import { leftOut } from './left-out.js';

type Fields = Record<string, unknown>;

/** OpenAI Chat rejects longer ids of tool calls, and Anthropic ids that are used twice. The AI SDK sends ids as they are. */
const CALL_ID_RULES = { maxLength: 40, isUniqueInPrompt: true };

/** Writes the items of messages as parts of `ModelMessage`s, and reports what they cannot carry. */
export class AiSdkPartWriter {
  private readonly ids: ReadonlyMap<ToolCallItem, string>;
  /** The calls whose results are in messages of the role `tool`. */
  private readonly answered: ReadonlySet<ToolCallItem>;
  /** The ids of the approval requests that have been written. */
  private readonly approvalIds = new Set<unknown>();

  constructor(
    private readonly arrangement: Arrangement,
    private readonly version: AiSdkVersion | undefined,
    /** The tagged outputs of tool parts of UI messages, where they are given. */
    private readonly outputs: ReadonlyMap<object, object> = new Map(),
  ) {
    this.ids = assignCallIds(arrangement.messages, CALL_ID_RULES);
    const results = arrangement.messages
      .filter(({ role }) => role === 'tool')
      .flatMap(({ items }) => items.filter((item) => item.kind === 'result'));
    this.answered = new Set(results.flatMap((result) => arrangement.callOf.get(result) ?? []));
  }

  ofUser(message: ArrangedMessage): Fields[] {
    return message.items.flatMap((item): Fields[] => {
      if (item.kind === 'text') return this.text(message, item, 'user');
      if (item.kind === 'step') return [];
      const part =
        item.kind === 'media'
          ? filePart(item, 'user', this.version)
          : opaquePart(item.source, 'user', this.version);
      return this.orLeaveOut(part, message, item);
    });
  }

  ofAssistant(message: ArrangedMessage): Fields[] {
    const parts = message.items.flatMap((item) => this.ofAnswer(message, item));
    return message.isReduced ? withoutUnboundItemIds(parts) : parts;
  }

  private ofAnswer(message: ArrangedMessage, item: Item): Fields[] {
    switch (item.kind) {
      case 'text':
        return this.text(message, item, 'assistant');
      case 'media':
        return this.orLeaveOut(filePart(item, 'assistant', this.version), message, item);
      case 'reasoning':
        return this.reasoning(message, item);
      case 'call':
        return this.call(message, item);
      case 'result':
        return [executedResultPart(item, this.executedOutput(message, item))];
      case 'step':
        return [];
      case 'opaque':
        return this.opaque(message, item);
    }
  }

  /** The parts of a message of the role `tool`, and the media that its results cannot carry. */
  ofTool(message: ArrangedMessage): { parts: Fields[]; media: Fields[] } {
    const media: Fields[] = [];
    const parts = message.items.flatMap((item): Fields[] => {
      if (item.kind !== 'result') return this.approvalResponse(message, item);
      const call = this.arrangement.callOf.get(item);
      if (!call) return [];
      const id = this.ids.get(call) ?? '';
      const { output, mediaAfter } = this.output(item);
      const files = mediaAfter.map((each) => mediaPart(each));
      if (files.includes(undefined)) this.leaveOut(message, item, 'only one provider can read its file');
      const known = files.filter((file) => file !== undefined);
      if (known.length > 0) media.push({ type: 'text', text: `Output of the tool call ${id}:` }, ...known);
      return [resultPart(item, call, id, output)];
    });
    return { parts, media };
  }

  /** Whether a message has a call that the caller executes, and no result of it is in the prompt. */
  hasOpenCall({ items }: ArrangedMessage): boolean {
    return items.some((item) => item.kind === 'call' && !item.isProviderExecuted && !this.answered.has(item));
  }

  /** Whether the request for the approval of a call has been written. */
  hasRequest({ source: { approval } }: ToolCallItem): boolean {
    return isObject(approval) && this.approvalIds.has(approval.id);
  }

  /**
   * Anthropic checks its signature: it is valid only while everything before it is unchanged. In the turn that goes on, the reasoning
   * must stay.
   */
  private reasoning(message: ArrangedMessage, item: ReasoningItem): Fields[] {
    const part = reasoningPart(item, this.version);
    if (!part) return this.leaveOut(message, item, 'another provider wrote it');
    const isValid = message.isInOpenTurn || this.arrangement.isWholeLog || !isSignedByAnthropic(part);
    return isValid
      ? [part]
      : this.leaveOut(message, item, 'its signature is not valid after earlier messages were left out');
  }

  private call(message: ArrangedMessage, call: ToolCallItem): Fields[] {
    const isExecuted = call.isProviderExecuted && isOfAiSdk(call.source) && !this.answered.has(call);
    const id = isExecuted ? (call.id ?? '') : (this.ids.get(call) ?? '');
    const part = isExecuted ? executedCallPart(call) : callPart(call, id);
    if (!isExecuted) this.reportRenamed(message, call, part);
    const isUiPart = isUiToolPart(call.source);
    const request =
      isUiPart && this.version !== 5 && !this.answered.has(call)
        ? uiApprovalRequest(call.source, id)
        : undefined;
    if (!request) return [part];
    this.approvalIds.add(request.approvalId);
    return [part, request];
  }

  private reportRenamed({ seq }: ArrangedMessage, call: ToolCallItem, part: Fields): void {
    const isRenamed = (call.id !== undefined && part.toolCallId !== call.id) || part.toolName !== call.name;
    const isWrapped = call.source.type === 'tool-call' && part.input !== call.source.input;
    if (isRenamed || isWrapped)
      this.arrangement.repairs.push({
        code: 'renamed',
        seq,
        call_id: String(part.toolCallId),
        action: isRenamed
          ? 'made the id and the name of the call legal'
          : 'made the arguments of the call an object',
      });
  }

  /** AI SDK writes the error of a tool that the provider executes as JSON. */
  private executedOutput(message: ArrangedMessage, result: ToolResultItem): Fields {
    const { source, output, isError } = result;
    if (isError && output.type === 'text' && isUiToolPart(source))
      return { type: 'error-json', value: output.text };
    const { output: written, mediaAfter } = this.output(result);
    if (mediaAfter.length > 0) this.leaveOut(message, result, 'this version cannot carry its media here');
    return written;
  }

  private opaque(message: ArrangedMessage, item: OpaqueItem): Fields[] {
    const { source } = item;
    const part =
      source.type === 'tool-approval-request'
        ? this.approvalRequest(message, source)
        : opaquePart(source, 'assistant', this.version);
    return this.orLeaveOut(part, message, item);
  }

  /** Undefined if the call of the request is not in the message. */
  private approvalRequest({ items }: ArrangedMessage, source: Readonly<Fields>): Fields | undefined {
    const calls = items.filter((item): item is ToolCallItem => item.kind === 'call');
    const call = calls.find(({ id }) => id === source.toolCallId);
    if (!call || !isModelPart(source, 'assistant', this.version)) return undefined;
    this.approvalIds.add(source.approvalId);
    const toolCallId = call.isProviderExecuted ? call.id : this.ids.get(call);
    return toolCallId === source.toolCallId ? source : { ...source, toolCallId };
  }

  /** The AI SDK rejects a response to a request that is not among the messages. */
  private approvalResponse(message: ArrangedMessage, item: Item): Fields[] {
    const { source } = item;
    const isKnown = isModelPart(source, 'tool', this.version) && this.approvalIds.has(source.approvalId);
    return isKnown ? [source] : this.leaveOut(message, item, 'there is no request for it in the window');
  }

  private output(result: ToolResultItem): WrittenOutput {
    const given = this.outputs.get(result.source);
    return given ? { output: given as Fields, mediaAfter: [] } : writeOutput(result, this.version);
  }

  private text(message: ArrangedMessage, item: TextItem, role: 'user' | 'assistant'): Fields[] {
    return this.orLeaveOut(textPart(item, role, this.version), message, item, 'it is blank');
  }

  private orLeaveOut(
    part: Fields | undefined,
    message: ArrangedMessage,
    item: Item,
    reason = 'the format has no such part',
  ): Fields[] {
    return part ? [part] : this.leaveOut(message, item, reason);
  }

  private leaveOut({ seq }: ArrangedMessage, item: Item, reason: string): Fields[] {
    this.arrangement.repairs.push(leftOut(seq, item, reason));
    return [];
  }
}
