import type { AgentInputItem } from '@openai/agents';

export type UserContent = Exclude<Extract<AgentInputItem, { role: 'user' }>['content'], string>[number];
export type FunctionOutput = Extract<AgentInputItem, { type: 'function_call_result' }>['output'];
type InputContent = Extract<UserContent, { type: 'input_text' | 'input_image' | 'input_file' }>;

/** Converts a block of OpenAI's Responses API, such as `{ type: 'input_image', image_url }`, to the spelling of the Agents SDK. */
export function toInputContent(block: Readonly<Record<string, unknown>>): InputContent {
  const { type, text, detail, filename, file_id: fileId } = block as Record<string, string | undefined>;
  if (type === 'input_image') {
    const image = fileId === undefined ? String(block.image_url) : { id: fileId };
    return { type, image, ...(detail !== undefined && { detail }) };
  }
  if (type === 'input_file') {
    const linked = typeof block.file_url === 'string' ? { url: block.file_url } : String(block.file_data);
    const file = fileId === undefined ? linked : { id: fileId };
    return { type, file, ...(filename !== undefined && { filename }) };
  }
  return { type: 'input_text', text: text ?? '' };
}
