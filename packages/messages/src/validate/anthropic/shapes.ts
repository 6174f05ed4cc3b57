import { base64Image, httpsUrl } from '../media.js';
import {
  anything,
  array,
  base64,
  boolean,
  nonEmptyText,
  nullable,
  object,
  oneOf,
  record,
  string,
  stringOr,
  text,
  variants,
  visibleText,
  type Shape,
} from '../shape.js';

/** Source of the shapes: `ContentBlockParam` of @anthropic-ai/sdk 1.14. Its API accepts no other field ("Extra inputs are not permitted"). */

const cacheControl = object({ type: oneOf('ephemeral'), 'ttl?': oneOf('5m', '1h') });

/** A block that may be a cache breakpoint. */
function block(fields: Record<string, Shape>): Shape {
  return object({ type: anything, 'cache_control?': nullable(cacheControl), ...fields });
}

const toolUseId = string({ minLength: 1, pattern: /^[a-zA-Z0-9_-]+$/ });
const serverToolUseId = string({ pattern: /^srvtoolu_[a-zA-Z0-9_]+$/ });
const mcpToolUseId = string({ pattern: /^mcptoolu_[a-zA-Z0-9_]+$/ });
/** `tools[].name` is limited to 128 characters; a `tool_use` block may have 200, but only for a tool that cannot be declared. */
const toolName = string({ minLength: 1, maxLength: 128, pattern: /^[a-zA-Z0-9_-]+$/ });

const file = object({ type: anything, file_id: nonEmptyText });
const url = object({ type: anything, url: httpsUrl });

const textBlock = block({ text: visibleText, 'citations?': nullable(array(record)) });
const image = block({
  source: variants('type', { base64: base64Image, url, file }),
  'transformations?': nullable(object({ 'oversized_image?': oneOf('downsize', 'error') })),
});
const citations = object({ 'enabled?': boolean });
const document = block({
  source: variants('type', {
    base64: object({ type: anything, media_type: oneOf('application/pdf'), data: base64 }),
    text: object({ type: anything, media_type: oneOf('text/plain'), data: nonEmptyText }),
    content: object({
      type: anything,
      content: stringOr(array(variants('type', { text: textBlock, image }), { minItems: 1 }), visibleText),
    }),
    url,
    file,
  }),
  'title?': nullable(text),
  'context?': nullable(text),
  'citations?': nullable(citations),
});
const searchResult = block({
  content: array(textBlock, { minItems: 1 }),
  source: nonEmptyText,
  title: nonEmptyText,
  'citations?': citations,
});
const toolResult = block({
  tool_use_id: toolUseId,
  'is_error?': boolean,
  'toolset_name?': nullable(text),
  'content?': stringOr(
    array(
      variants('type', {
        text: textBlock,
        image,
        document,
        search_result: searchResult,
        tool_reference: block({ tool_name: nonEmptyText }),
        browser_state: block({
          tabs: array(record),
          'state_changes?': nullable(array(record, { minItems: 1 })),
        }),
      }),
    ),
  ),
});

const thinking = object({ type: anything, thinking: text, signature: nonEmptyText });
const redactedThinking = object({ type: anything, data: nonEmptyText });
const toolUse = block({
  id: toolUseId,
  name: toolName,
  input: record,
  'caller?': record,
  'toolset_name?': nullable(text),
});
const serverToolUse = block({
  id: serverToolUseId,
  name: oneOf(
    ...['web_search', 'web_fetch', 'code_execution', 'bash_code_execution', 'text_editor_code_execution'],
    ...['tool_search_tool_regex', 'tool_search_tool_bm25'],
  ),
  input: record,
  'caller?': record,
});
const serverToolResult = block({ tool_use_id: serverToolUseId, content: record, 'caller?': record });
const webSearchResult = block({
  tool_use_id: serverToolUseId,
  content: (value, path, report) => (Array.isArray(value) ? array(record) : record)(value, path, report),
  'caller?': record,
});

export const USER_BLOCKS: Record<string, Shape> = {
  text: textBlock,
  image,
  document,
  search_result: searchResult,
  tool_result: toolResult,
  container_upload: block({ file_id: nonEmptyText }),
};

export const ASSISTANT_BLOCKS: Record<string, Shape> = {
  text: textBlock,
  thinking,
  redacted_thinking: redactedThinking,
  tool_use: toolUse,
  server_tool_use: serverToolUse,
  web_search_tool_result: webSearchResult,
  web_fetch_tool_result: serverToolResult,
  code_execution_tool_result: serverToolResult,
  bash_code_execution_tool_result: serverToolResult,
  text_editor_code_execution_tool_result: serverToolResult,
  tool_search_tool_result: serverToolResult,
};

/** Blocks that need the beta header of the MCP connector. */
export const MCP_BLOCKS: Record<string, Shape> = {
  mcp_tool_use: block({ id: mcpToolUseId, name: nonEmptyText, server_name: nonEmptyText, input: record }),
  mcp_tool_result: block({
    tool_use_id: mcpToolUseId,
    'is_error?': boolean,
    'content?': stringOr(array(textBlock)),
  }),
};

export const SYSTEM_BLOCKS: Record<string, Shape> = { text: textBlock };

/** Top-level `system`: a text or text blocks. */
export const system = stringOr(array(variants('type', SYSTEM_BLOCKS), { minItems: 1 }), visibleText);
