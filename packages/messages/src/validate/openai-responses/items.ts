import { isObject } from '../json.js';
import {
  anything,
  array,
  boolean,
  nonEmptyText,
  nullable,
  number,
  object,
  record,
  string,
  text,
  variants,
  type Shape,
} from '../shape.js';
import { itemId, messageItem, status, toolOutput } from './messages.js';

/** "string too long. Expected a string with maximum length 64". */
const callId = string({ minLength: 1, maxLength: 64 });
const toolName = string({ minLength: 1, maxLength: 64, pattern: /^[a-zA-Z0-9_-]+$/ });
const optionalId = nullable(itemId());

/** Fields that every item may have are `type` and `id`. */
function item(fields: Record<string, Shape>, prefix?: string): Shape {
  const id = prefix === undefined ? optionalId : itemId(prefix);
  return object({ type: anything, 'id?': id, ...fields });
}

const called = { 'caller?': nullable(record), 'status?': status };
const namedCall = { call_id: callId, name: toolName, 'namespace?': nullable(toolName), 'async?': boolean };

const reasoning = item(
  {
    summary: array(object({ type: anything, text })),
    'content?': nullable(array(object({ type: anything, text }))),
    'encrypted_content?': nullable(text),
    'status?': status,
  },
  'rs',
);

/** A call that OpenAI ran itself. Its details come from OpenAI and go back as they are. */
function hostedCall(fields: Record<string, Shape>): Shape {
  return object({ type: anything, id: itemId(), 'status?': nullable(text), ...fields });
}

const ITEMS: Record<string, Shape> = {
  message: messageItem,
  reasoning,
  function_call: item({ ...namedCall, ...called, arguments: text }, 'fc'),
  function_call_output: item({
    ...called,
    call_id: callId,
    output: toolOutput,
    'name?': nullable(text),
    'namespace?': nullable(text),
  }),
  custom_tool_call: item({ ...namedCall, ...called, input: text }, 'ctc'),
  custom_tool_call_output: item({ ...called, call_id: callId, output: toolOutput }),
  computer_call: item({
    call_id: callId,
    // The reference requires it, but OpenAI's Agents SDK leaves it out if it is empty: "The live API rejects" it then.
    'pending_safety_checks?': array(record),
    status,
    'action?': record,
    'actions?': array(record),
  }),
  computer_call_output: item({
    call_id: callId,
    output: object({ type: anything, 'file_id?': nonEmptyText, 'image_url?': nonEmptyText }),
    'acknowledged_safety_checks?': nullable(array(record)),
    'status?': status,
  }),
  local_shell_call: item({ call_id: callId, action: record, status }),
  local_shell_call_output: object({
    type: anything,
    'id?': callId,
    'call_id?': callId,
    output: text,
    'status?': status,
  }),
  shell_call: item({ ...called, call_id: callId, action: record, 'environment?': nullable(record) }),
  shell_call_output: item({
    ...called,
    call_id: callId,
    output: array(record),
    'max_output_length?': nullable(number),
  }),
  apply_patch_call: item({ ...called, call_id: callId, operation: record }),
  apply_patch_call_output: item({
    'caller?': nullable(record),
    call_id: callId,
    status: text,
    'output?': nullable(text),
  }),
  tool_search_call: item({
    arguments: anything,
    'call_id?': nullable(callId),
    'execution?': text,
    'status?': status,
  }),
  tool_search_output: item({
    tools: array(record),
    'call_id?': nullable(callId),
    'execution?': text,
    'status?': status,
  }),
  web_search_call: hostedCall({ action: record }),
  file_search_call: hostedCall({ queries: array(text), 'results?': nullable(array(record)) }),
  code_interpreter_call: hostedCall({
    code: nullable(text),
    container_id: nonEmptyText,
    outputs: nullable(array(record)),
  }),
  image_generation_call: object({ type: anything, id: itemId(), result: nullable(text) }, { open: true }),
  mcp_list_tools: hostedCall({ server_label: nonEmptyText, tools: array(record), 'error?': nullable(text) }),
  mcp_approval_request: hostedCall({ arguments: text, name: nonEmptyText, server_label: nonEmptyText }),
  mcp_approval_response: item({
    approval_request_id: nonEmptyText,
    approve: boolean,
    'reason?': nullable(text),
  }),
  mcp_call: hostedCall({
    arguments: text,
    name: nonEmptyText,
    server_label: nonEmptyText,
    'approval_request_id?': nullable(text),
    'error?': anything,
    'output?': nullable(text),
  }),
  program: hostedCall({ call_id: callId, code: text, fingerprint: nonEmptyText }),
  program_output: hostedCall({ call_id: callId, result: text }),
  additional_tools: item({ role: nonEmptyText, tools: array(record) }),
  configuration_update: item({ 'reasoning?': record, 'text?': record }),
  compaction: item({ encrypted_content: nonEmptyText }),
  compaction_trigger: item({}),
  item_reference: object({ type: anything, id: itemId() }),
};

const typedItem = variants('type', ITEMS);

/** An item. One without `type` is a message. */
export const inputItem: Shape = (value, path, report) =>
  (isObject(value) && value.type === undefined ? messageItem : typedItem)(value, path, report);
