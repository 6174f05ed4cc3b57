import { objectsIn, shown, type Located } from '../json.js';
import type { Report } from '../violation.js';
import type { AiSdkRule } from './rules.js';

type ToolReport = Report<AiSdkRule>;

/**
 * Every call has its result in a tool message, except calls that the provider executes and calls that the last message
 * approves or denies: the AI SDK runs those before it calls the model.
 *
 * @param portable the results must directly follow, in any order; else only before the next user or system message
 */
export function checkToolPairs(messages: readonly Located[], portable: boolean, report: ToolReport): void {
  const awaited = callsWithApproval(messages);
  const hosted = new Set<unknown>();
  let open = new Map<unknown, string>();
  let answered = new Set<unknown>();
  const close = () => {
    for (const [id, path] of open) {
      if (!answered.has(id) && !awaited.has(id)) report('unanswered-tool-call', path, shown(id));
    }
    open = new Map();
    answered = new Set();
  };
  for (const { path, fields } of messages) {
    const parts = objectsIn(fields.content, `${path}.content`);
    if (fields.role === 'tool') {
      checkResults(parts, open, answered, report);
      continue;
    }
    if (portable || fields.role !== 'assistant') close();
    if (fields.role === 'assistant') readCalls(parts, open, hosted, report);
  }
  close();
}

function checkResults(
  parts: readonly Located[],
  open: ReadonlyMap<unknown, string>,
  answered: Set<unknown>,
  report: ToolReport,
): void {
  for (const { path, fields } of parts) {
    const { type, toolCallId: id } = fields;
    if (type !== 'tool-result') continue;
    if (answered.has(id)) report('duplicate-tool-result', path, shown(id));
    else if (open.has(id)) answered.add(id);
    else report('orphan-tool-result', path, shown(id));
  }
}

/** Adds the calls of an assistant message. The results in it are those of tools that the provider executes. */
function readCalls(
  parts: readonly Located[],
  open: Map<unknown, string>,
  hosted: Set<unknown>,
  report: ToolReport,
): void {
  for (const { path, fields } of parts) {
    const { type, toolCallId: id, providerExecuted } = fields;
    if (type === 'tool-call' && providerExecuted === true) hosted.add(id);
    else if (type === 'tool-call') open.set(id, path);
    else if (type === 'tool-result' && !hosted.has(id)) report('orphan-tool-result', path, shown(id));
  }
}

export function checkUniqueCallIds(messages: readonly Located[], report: ToolReport): void {
  const seen = new Set<unknown>();
  for (const { path, fields } of partsOf(messages, 'assistant', 'tool-call')) {
    if (seen.has(fields.toolCallId)) report('duplicate-tool-call-id', path, shown(fields.toolCallId));
    seen.add(fields.toolCallId);
  }
}

export function checkApprovals(messages: readonly Located[], report: ToolReport): void {
  const requests = requestedCalls(messages);
  const calls = new Set(partsOf(messages, 'assistant', 'tool-call').map(({ fields }) => fields.toolCallId));
  for (const { path, fields } of partsOf(messages, 'tool', 'tool-approval-response')) {
    if (!calls.has(requests.get(fields.approvalId)))
      report('approval-without-request', path, shown(fields.approvalId));
  }
}

/** Ids of the calls that the last message approves or denies. */
function callsWithApproval(messages: readonly Located[]): Set<unknown> {
  const requests = requestedCalls(messages);
  const responses = partsOf(messages.slice(-1), 'tool', 'tool-approval-response');
  return new Set(responses.map(({ fields }) => requests.get(fields.approvalId)));
}

/** Id of the call by the id of its approval request. */
function requestedCalls(messages: readonly Located[]): Map<unknown, unknown> {
  const requests = partsOf(messages, 'assistant', 'tool-approval-request');
  return new Map(requests.map(({ fields }) => [fields.approvalId, fields.toolCallId]));
}

function partsOf(messages: readonly Located[], role: string, type: string): Located[] {
  return messages
    .filter(({ fields }) => fields.role === role)
    .flatMap(({ path, fields }) => objectsIn(fields.content, `${path}.content`))
    .filter(({ fields }) => fields.type === type);
}
