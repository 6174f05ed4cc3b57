import { isObject, type Part } from './event.js';
import { EMPTY_SCREENSHOT } from './synthetic-result.js';

/** The keys under which dialects write the output of a tool. */
const OUTPUT_KEYS = ['output', 'result', 'content', 'payload'];

/** A tool result with a text in the place of its output, in the dialect of the result. */
export function replacedOutput(part: Part, text: string): Part {
  const replace = REPLACEMENTS[part.type];
  if (replace) return replace(part, text);
  if (typeof part.state === 'string') return replacedUiOutput(part, text);
  const key = OUTPUT_KEYS.find((name) => part[name] !== undefined) ?? 'content';
  return { ...part, [key]: Array.isArray(part[key]) ? [{ type: 'text', text }] : text };
}

/** Results whose output is not a text in its own dialect. */
const REPLACEMENTS: Readonly<Record<string, (part: Part, text: string) => Part>> = {
  'tool-result': (part, text) => ({
    ...part,
    output: { type: isError(part.output) ? 'error-text' : 'text', value: text },
  }),
  function_call_output: (part, text) => ({ ...part, output: text }),
  function_call_result: (part, text) => ({ ...part, output: { type: 'text', text } }),
  computer_call_output: (part) => ({
    ...part,
    output: { type: 'computer_screenshot', image_url: EMPTY_SCREENSHOT },
  }),
  computer_call_result: (part) => ({
    ...part,
    output: { type: 'computer_screenshot', data: EMPTY_SCREENSHOT },
  }),
  shell_call_output: (part, text) => ({
    ...part,
    output: [{ stdout: text, stderr: '', outcome: exited(part) }],
  }),
  tool: replacedStoredMessage,
  function: replacedStoredMessage,
  tool_search_output: (part) => ({ ...part, tools: [] }),
  web_search_tool_result: (part) => ({ ...part, content: [] }),
  tool_search_tool_result: (part) => part,
  web_fetch_tool_result: (part, text) => ({
    ...part,
    content: withContent(part.content, {
      content: { type: 'document', source: { type: 'text', media_type: 'text/plain', data: text } },
    }),
  }),
  code_execution_tool_result: (part, text) => ({
    ...part,
    content: withContent(part.content, { stdout: text, stderr: '', content: [] }),
  }),
  bash_code_execution_tool_result: (part, text) => ({
    ...part,
    content: withContent(part.content, { stdout: text, stderr: '', content: [] }),
  }),
  text_editor_code_execution_tool_result: (part, text) => ({
    ...part,
    content: withContent(part.content, { content: text }),
  }),
};

/** A stored message of LangChain. */
function replacedStoredMessage(part: Part, text: string): Part {
  return isObject(part.data) ? { ...part, data: { ...part.data, content: text } } : part;
}

/** Replaces only fields that the content has: an error stays as it is. */
function withContent(content: unknown, fields: Record<string, unknown>): unknown {
  if (!isObject(content)) return content;
  const known = Object.entries(fields).filter(([key]) => content[key] !== undefined);
  return { ...content, ...Object.fromEntries(known) };
}

function replacedUiOutput(part: Part, text: string): Part {
  return part.state === 'output-available' ? { ...part, output: text } : { ...part, errorText: text };
}

function exited(part: Part): object {
  return { type: 'exit', [typeof part.callId === 'string' ? 'exitCode' : 'exit_code']: 0 };
}

function isError(output: unknown): boolean {
  return isObject(output) && (output.type === 'error-text' || output.type === 'error-json');
}
