import { isObject } from '../event.js';

/*
 * A tool of the AI SDK may need the approval of the user. A model message holds the request beside the call, and the message of
 * the role `tool` after it holds the response. In a UI message both are the `approval` of the tool part.
 */

type Fields = Record<string, unknown>;
type Source = Readonly<Fields>;

/** The request of a UI tool part, for a model message. @param toolCallId the id of the call in the prompt */
export function uiApprovalRequest(source: Source, toolCallId: string): Fields | undefined {
  const { approval } = source;
  if (!isObject(approval) || typeof approval.id !== 'string') return undefined;
  const { id, requestReason, isAutomatic, signature, inputSchemaInput } = approval;
  return defined({
    type: 'tool-approval-request',
    ...{ approvalId: id, toolCallId, reason: requestReason, isAutomatic, signature, inputSchemaInput },
  });
}

/** The response of the user in a UI tool part, for a model message. */
export function uiApprovalResponse(source: Source): Fields | undefined {
  const { approval } = source;
  if (!isObject(approval) || typeof approval.id !== 'string') return undefined;
  if (typeof approval.approved !== 'boolean') return undefined;
  const { id: approvalId, approved, reason } = approval;
  const { providerExecuted } = source;
  return defined({ type: 'tool-approval-response', approvalId, approved, reason, providerExecuted });
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
