import { isObject, type Part } from './event.js';
import type { ToolCallItem } from './items.js';
import { isUiToolPart } from './read/ui-tool-parts.js';
import type { ReadMessage } from './window-items.js';

/** The approval of a tool call of the AI SDK, as the `approval` of a UI tool part. */
export interface Approval {
  id: string;
  /** Undefined: the user has not responded yet. */
  approved?: boolean;
  reason?: string;
  [field: string]: unknown;
}

/**
 * Finds the approvals of calls. A UI tool part holds its own. A model message holds the request beside the call. The response of the
 * user is in the UI tool part, or in a message of the role `tool`.
 */
export class Approvals {
  private readonly responses: ReadonlyMap<unknown, Part>;
  private readonly requests = new Map<ToolCallItem, Part>();

  constructor(messages: readonly ReadMessage[]) {
    const parts = messages.filter(({ event }) => event.role === 'tool').flatMap(({ event }) => event.parts);
    this.responses = new Map(
      parts.filter(({ type }) => type === 'tool-approval-response').map((part) => [part.approvalId, part]),
    );
    for (const { event, items } of messages) this.readRequests(event.parts, items);
  }

  private readRequests(parts: readonly Part[], items: ReadMessage['items']): void {
    const requests = parts.filter(({ type }) => type === 'tool-approval-request');
    if (requests.length === 0) return;
    for (const item of items) {
      const request =
        item.kind === 'call' &&
        requests.find(({ toolCallId }) => toolCallId !== undefined && toolCallId === item.id);
      if (request) this.requests.set(item, request);
    }
  }

  /** Undefined if the call needs no approval. */
  of(call: ToolCallItem): Approval | undefined {
    const request = this.requestOf(call);
    if (!request) return undefined;
    const response = this.responses.get(request.id);
    const { approved, reason }: Partial<Part> = response ?? {};
    return {
      ...request,
      ...(typeof approved === 'boolean' && { approved }),
      ...(typeof reason === 'string' && { reason }),
    };
  }

  private requestOf(call: ToolCallItem): Approval | undefined {
    const { source } = call;
    const { approval } = source;
    if (isUiToolPart(source))
      return isObject(approval) && typeof approval.id === 'string' ? (approval as Approval) : undefined;
    const request = this.requests.get(call);
    if (typeof request?.approvalId !== 'string') return undefined;
    const { approvalId: id, reason, isAutomatic, signature, inputSchemaInput } = request;
    const fields = Object.entries({ requestReason: reason, isAutomatic, signature, inputSchemaInput });
    return { id, ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)) };
  }
}

/**
 * The calls whose result the AI SDK itself adds in the next request, because the user has approved or denied the call, and nothing
 * but messages of the role `tool` follows the message with the call.
 */
export function callsAwaitingExecution(messages: readonly ReadMessage[]): ReadonlySet<ToolCallItem> {
  const items = messages.findLast(({ event }) => event.role !== 'tool')?.items ?? [];
  const lastStep = items.slice(items.findLastIndex(({ kind }) => kind === 'step') + 1);
  const calls = lastStep.filter((item) => item.kind === 'call');
  if (calls.length === 0) return new Set();
  const approvals = new Approvals(messages);
  return new Set(calls.filter((call) => approvals.of(call)?.approved !== undefined));
}
