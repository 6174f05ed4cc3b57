import type { AgentInputItem } from '@openai/agents';
import { normalizeParts, type NormalizedPart } from '../messages/normalized-parts.js';
import type { StoredMessage } from './transcript.js';

type FilePart = Extract<NormalizedPart, { kind: 'file' }>;
type UserContent = Exclude<Extract<AgentInputItem, { role: 'user' }>['content'], string>[number];

/** Converts a message that was not added through a session: a summary, or an event of `append` or `stream`. */
export function toAgentItems(message: StoredMessage): AgentInputItem[] {
  const { role } = message;
  const parts = normalizeParts(message);
  if (role === 'user') return toUserItem(parts);
  if (role === 'assistant' || role === 'tool') return parts.flatMap(toAssistantItem);
  const texts = parts.map((part) => (part.kind === 'text' ? part.text : '')).filter(Boolean);
  return texts.length > 0 ? [{ role: 'system', content: texts.join('\n') }] : [];
}

function toUserItem(parts: NormalizedPart[]): AgentInputItem[] {
  const content = parts.flatMap((part): UserContent[] => {
    if (part.kind === 'text') return [{ type: 'input_text', text: part.text }];
    return part.kind === 'file' ? [toFileContent(part)] : [];
  });
  if (content.length === 0) return [];
  const [first] = content;
  const isText = content.length === 1 && first?.type === 'input_text';
  return [{ role: 'user', content: isText ? first.text : content }];
}

function toFileContent({ url, mediaType, filename }: FilePart): UserContent {
  if (mediaType.startsWith('image/')) return { type: 'input_image', image: url };
  const file = url.startsWith('data:') ? url : { url };
  return { type: 'input_file', file, ...(filename !== undefined && { filename }) };
}

function toAssistantItem(part: NormalizedPart): AgentInputItem[] {
  switch (part.kind) {
    case 'text':
      return [
        { role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: part.text }] },
      ];
    case 'call':
      return [
        {
          type: 'function_call',
          callId: part.id,
          name: part.name,
          arguments: JSON.stringify(part.input),
          status: 'completed',
        },
      ];
    case 'result': {
      const text = typeof part.output === 'string' ? part.output : JSON.stringify(part.output ?? null);
      return [
        {
          type: 'function_call_result',
          callId: part.id,
          name: part.name,
          status: 'completed',
          output: { type: 'text', text },
        },
      ];
    }
    case 'file':
      return [];
  }
}
