import { isPresent, shown, type Located } from '../json.js';
import type { Report } from '../violation.js';
import type { OpenAiResponsesRule } from './rules.js';

/** The calls that the client answers, and the type of their outputs. */
const OUTPUT_TYPES: Record<string, string> = {
  function_call: 'function_call_output',
  custom_tool_call: 'custom_tool_call_output',
  computer_call: 'computer_call_output',
  local_shell_call: 'local_shell_call_output',
  shell_call: 'shell_call_output',
  apply_patch_call: 'apply_patch_call_output',
  tool_search_call: 'tool_search_output',
};

/** Each call has exactly one output, somewhere behind it; each output has its call before it. */
export function checkCallPairs(items: readonly Located[], report: Report<OpenAiResponsesRule>): void {
  for (const [callType, outputType] of Object.entries(OUTPUT_TYPES)) {
    const calls = new Map<unknown, string>();
    const answered = new Set<unknown>();
    for (const { path, fields } of items) {
      if (isHosted(fields)) continue;
      // The reference has only `id` for the output of a local shell; OpenAI's own clients send `call_id`.
      const id = fields.call_id ?? fields.id;
      if (fields.type === callType) {
        if (calls.has(id)) report('duplicate-call-id', path, shown(id));
        else calls.set(id, path);
      } else if (fields.type === outputType) {
        if (answered.has(id)) report('duplicate-call-output', path, shown(id));
        else if (calls.has(id)) answered.add(id);
        else report('orphan-call-output', path, shown(id));
      }
    }
    for (const [id, path] of calls) if (!answered.has(id)) report('unanswered-call', path, shown(id));
  }
}

/** OpenAI answers its own tool search; the items then have no call id. */
export function isHosted({ type, execution, call_id: callId }: Record<string, unknown>): boolean {
  const isToolSearch = type === 'tool_search_call' || type === 'tool_search_output';
  return isToolSearch && execution !== 'client' && !isPresent(callId);
}

export function checkApprovals(items: readonly Located[], report: Report<OpenAiResponsesRule>): void {
  const requests = new Set<unknown>();
  for (const { path, fields } of items) {
    const { type, id, approval_request_id: request } = fields;
    if (type === 'mcp_approval_request') requests.add(id);
    else if (type === 'mcp_approval_response' && !requests.has(request)) {
      report('approval-without-request', path, shown(request));
    }
  }
}
