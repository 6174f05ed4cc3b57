import type { AgentInputItem } from '@openai/agents';
import { stepsOf, type Step } from '../messages/normalized-parts.js';
import type { StoredMessage } from './transcript.js';

type FileStep = Extract<Step, { kind: 'file' }>;
type UserContent = Exclude<Extract<AgentInputItem, { role: 'user' }>['content'], string>[number];

/** The items of a message that was not added through a session: a summary, an event of `append`, an answer of `stream`. */
export function foreignItems(message: StoredMessage): AgentInputItem[] {
  const { role } = message;
  const steps = stepsOf(message);
  if (role === 'user') return userItem(steps);
  if (role === 'assistant' || role === 'tool') return steps.flatMap(answerItem);
  const text = steps.map((step) => (step.kind === 'text' ? step.text : '')).filter(Boolean);
  return text.length > 0 ? [{ role: 'system', content: text.join('\n') }] : [];
}

function userItem(steps: Step[]): AgentInputItem[] {
  const content = steps.flatMap((step): UserContent[] => {
    if (step.kind === 'text') return [{ type: 'input_text', text: step.text }];
    return step.kind === 'file' ? [fileContent(step)] : [];
  });
  if (content.length === 0) return [];
  const [first] = content;
  const isText = content.length === 1 && first?.type === 'input_text';
  return [{ role: 'user', content: isText ? first.text : content }];
}

function fileContent({ url, mediaType, filename }: FileStep): UserContent {
  if (mediaType.startsWith('image/')) return { type: 'input_image', image: url };
  const file = url.startsWith('data:') ? url : { url };
  return { type: 'input_file', file, ...(filename !== undefined && { filename }) };
}

function answerItem(step: Step): AgentInputItem[] {
  switch (step.kind) {
    case 'text':
      return [
        { role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: step.text }] },
      ];
    case 'call':
      return [
        {
          type: 'function_call',
          callId: step.id,
          name: step.name,
          arguments: JSON.stringify(step.input),
          status: 'completed',
        },
      ];
    case 'result': {
      const text = typeof step.output === 'string' ? step.output : JSON.stringify(step.output ?? null);
      return [
        {
          type: 'function_call_result',
          callId: step.id,
          name: step.name,
          status: 'completed',
          output: { type: 'text', text },
        },
      ];
    }
    case 'file':
      return [];
  }
}
