import { isObject, type Part } from '../event.js';
import { isUiToolPart, uiToolName } from '../read/ui-tool-parts.js';
import { uiApprovalResponse } from '../render/ai-sdk-approvals.js';
import type { UiMessage } from './ui-messages.js';

/**
 * What happened to the tool calls of a UI message between two states of it: the responses of the user to approvals, and the results
 * of tools. As parts of a message of the role `tool`: the log keeps the message with the calls as it is.
 */
export function newToolParts(before: UiMessage, after: UiMessage): { responses: Part[]; results: Part[] } {
  const earlier = new Map(before.parts.filter(isUiToolPart).map((part) => [part.toolCallId, part]));
  const responses: Part[] = [];
  const results: Part[] = [];
  for (const part of after.parts) {
    const old = isUiToolPart(part) ? earlier.get(part.toolCallId) : undefined;
    if (!old) continue;
    const response =
      isAnswered(old) || approvalId(old) !== approvalId(part) ? undefined : uiApprovalResponse(part);
    if (response) responses.push(response as Part);
    const result = hasResult(old) ? undefined : resultPart(part);
    if (result) results.push(result);
  }
  return { responses, results };
}

function isAnswered({ approval }: Part): boolean {
  return isObject(approval) && typeof approval.approved === 'boolean';
}

function approvalId({ approval }: Part): unknown {
  return isObject(approval) ? approval.id : undefined;
}

function hasResult({ state, preliminary }: Part): boolean {
  return String(state).startsWith('output-') && preliminary !== true;
}

/** The result of a UI tool part, as a part of a model message. */
function resultPart(part: Part): Part | undefined {
  if (!hasResult(part)) return undefined;
  const { toolCallId, resultProviderMetadata: metadata } = part;
  return {
    ...{ type: 'tool-result', toolCallId, toolName: uiToolName(part), output: outputOf(part) },
    ...(isObject(metadata) && { providerOptions: metadata }),
  };
}

function outputOf({ state, output, errorText, approval }: Part): object {
  if (state === 'output-error') return { type: 'error-text', value: String(errorText) };
  if (state === 'output-denied') {
    const reason = isObject(approval) ? approval.reason : undefined;
    return { type: 'execution-denied', ...(typeof reason === 'string' && { reason }) };
  }
  return typeof output === 'string'
    ? { type: 'text', value: output }
    : { type: 'json', value: output ?? null };
}
