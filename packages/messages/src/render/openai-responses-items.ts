import { isObject } from '../event.js';
import { isInputContent, outputBlock, type Fields } from './openai-responses-content.js';
import { isLegalToolName } from './tool-names.js';
import { isJson } from './tool-texts.js';

/** An item of OpenAI Responses that can be sent back. */
export interface NativeItem {
  /** The object as it was stored, or a copy without fields that OpenAI only writes. */
  readonly value: Fields;
  /**
   * Who wrote it. A reasoning item belongs to the item of the model that follows it, and the items of the model after it may
   * belong to it as well.
   */
  readonly author: 'model' | 'caller';
  /** Whether OpenAI rejects the item without its `id`. */
  readonly needsId: boolean;
}

/**
 * The fields of each type of item beside `type`; `?` marks those that may be missing. Source: `ResponseInputItem` of the npm
 * package openai 7, and `status` of custom tool calls, which OpenAI writes.
 */
const MODEL_ITEMS = parseFields({
  function_call: 'call_id name arguments id? status? namespace? caller? async?',
  custom_tool_call: 'call_id name input id? status? namespace? caller? async?',
  computer_call: 'id call_id pending_safety_checks status action? actions?',
  shell_call: 'call_id action id? status? environment? caller?',
  local_shell_call: 'id call_id action status',
  apply_patch_call: 'call_id operation status id? caller?',
  tool_search_call: 'arguments id? call_id? execution? status?',
  tool_search_output: 'tools id? call_id? execution? status?',
  program: 'id call_id code fingerprint',
  program_output: 'id call_id result status',
  web_search_call: 'id action status',
  file_search_call: 'id queries status results?',
  code_interpreter_call: 'id code container_id outputs status',
  image_generation_call:
    'id result status action? background? error? output_format? quality? revised_prompt? size? svg_usage?',
  mcp_list_tools: 'id server_label tools error?',
  mcp_approval_request: 'id arguments name server_label',
  mcp_call: 'id arguments name server_label approval_request_id? error? output? status?',
  reasoning: 'summary id? content? encrypted_content? status?',
});

/** Items that the caller writes, or that are not bound to reasoning. */
const CALLER_ITEMS = parseFields({
  function_call_output: 'call_id output id? status? caller? name? namespace?',
  custom_tool_call_output: 'call_id output id? status? caller?',
  computer_call_output: 'call_id output id? acknowledged_safety_checks? status?',
  shell_call_output: 'call_id output id? max_output_length? status? caller?',
  local_shell_call_output: 'id output status?',
  apply_patch_call_output: 'call_id status id? output? caller?',
  mcp_approval_response: 'approval_request_id approve id? reason?',
  compaction: 'encrypted_content id?',
  compaction_trigger: 'id?',
  configuration_update: 'id? reasoning? text?',
  additional_tools: 'role tools id?',
  item_reference: 'id',
});

const MESSAGE = parseFields({ message: 'role content id? status? phase?' }).get('message');

/** Fields that OpenAI rejects if they are null. */
const NEVER_NULL = new Set(['id', 'status', 'content', 'namespace', 'async', 'summary']);

/** What the ids of these items begin with ("Expected an ID that begins with 'fc'"). */
const ID_PREFIXES: Readonly<Record<string, string>> = {
  function_call: 'fc',
  message: 'msg',
  reasoning: 'rs',
};

/** Checks of the field values, by type of item. `MODEL_ITEMS` and `CALLER_ITEMS` check only which fields exist. */
const CHECKS: Readonly<Record<string, (item: Fields) => boolean>> = {
  function_call: ({ name, arguments: text }) =>
    isLegalToolName(name) && typeof text === 'string' && isJson(text),
  custom_tool_call: ({ name, input }) => isLegalToolName(name) && typeof input === 'string',
  function_call_output: ({ output }) => typeof output === 'string' || isInputContent(output),
  custom_tool_call_output: ({ output }) => typeof output === 'string' || isInputContent(output),
  computer_call_output: ({ output }) => isObject(output) && output.type === 'computer_screenshot',
  shell_call_output: ({ output }) => Array.isArray(output),
  tool_search_output: ({ tools }) => Array.isArray(tools),
  reasoning: ({ summary, id, encrypted_content: encrypted }) =>
    Array.isArray(summary) && (typeof id === 'string' || typeof encrypted === 'string'),
  compaction: ({ encrypted_content: encrypted }) => typeof encrypted === 'string',
};

/** The object as an item of OpenAI Responses; undefined for objects of other types and for items that OpenAI would reject. */
export function nativeItem(source: Fields): NativeItem | undefined {
  const type = String(source.type);
  if (type === 'message') return nativeMessage(source);
  const fields = MODEL_ITEMS.get(type) ?? CALLER_ITEMS.get(type);
  const value = fields && pickFields(source, fields);
  if (!value || CHECKS[type]?.(value) === false) return undefined;
  return {
    value,
    author: MODEL_ITEMS.has(type) ? 'model' : 'caller',
    needsId: fields.required.includes('id'),
  };
}

/** Whether an object of this type is an item of OpenAI Responses, and not a part of a message. */
export function isItemType(type: unknown): boolean {
  return type === 'message' || MODEL_ITEMS.has(String(type)) || CALLER_ITEMS.has(String(type));
}

/** @param message an item of the type `message`, or an event with `content` in the place of its parts */
export function nativeMessage(message: Fields): NativeItem | undefined {
  const { role } = message;
  const isAssistant = role === 'assistant';
  if (!isAssistant && role !== 'user' && role !== 'system' && role !== 'developer') return undefined;
  const content = isAssistant ? outputContentOf(message) : inputContentOf(message);
  if (content === undefined) return undefined;
  const known = content === message.content ? message : { ...message, content };
  const picked = MESSAGE && pickFields(known, MESSAGE);
  if (!picked) return undefined;
  const value = isAssistant && picked.id === undefined && 'status' in picked ? withoutId(picked) : picked;
  return { value, author: isAssistant ? 'model' : 'caller', needsId: false };
}

function inputContentOf({ content }: Fields): unknown {
  return typeof content === 'string' || isInputContent(content) ? content : undefined;
}

function outputContentOf({ content }: Fields): unknown {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content) || content.length === 0) return undefined;
  const blocks = content.map(outputBlock);
  if (blocks.includes(undefined)) return undefined;
  return blocks.every((block, index) => block === content[index]) ? content : blocks;
}

/** The same item without its id. Only a message with an id has a status. */
export function withoutId({ id: _, ...item }: Fields): Fields {
  if (item.type !== 'message') return item;
  const { status: __, ...message } = item;
  return message;
}

interface FieldNames {
  readonly required: readonly string[];
  readonly all: ReadonlySet<string>;
}

function parseFields(table: Readonly<Record<string, string>>): ReadonlyMap<string, FieldNames> {
  return new Map(
    Object.entries(table).map(([type, text]): [string, FieldNames] => {
      const names = text.split(' ');
      const required = names.filter((name) => !name.endsWith('?'));
      return [type, { required, all: new Set(['type', ...names.map((name) => name.replace('?', ''))]) }];
    }),
  );
}

/** @returns undefined if a field is missing; the source itself if all its fields are known */
function pickFields(source: Fields, { required, all }: FieldNames): Fields | undefined {
  const entries = Object.entries(source).filter(
    ([key, value]) =>
      all.has(key) &&
      value !== undefined &&
      !(value === null && NEVER_NULL.has(key)) &&
      !(key === 'id' && !isItemId(value, source.type)),
  );
  const picked = Object.fromEntries(entries);
  const isComplete =
    required.every((key) => key in picked) &&
    (picked.call_id === undefined || picked.call_id === null || isId(picked.call_id));
  if (!isComplete) return undefined;
  return entries.length === Object.keys(source).length ? source : picked;
}

/** OpenAI rejects ids that are longer, and ids of items with other characters. */
function isId(id: unknown): id is string {
  return typeof id === 'string' && id.length >= 1 && id.length <= 64;
}

function isItemId(id: unknown, type: unknown): boolean {
  return isId(id) && /^[a-zA-Z0-9_-]+$/.test(id) && id.startsWith(ID_PREFIXES[String(type)] ?? '');
}
