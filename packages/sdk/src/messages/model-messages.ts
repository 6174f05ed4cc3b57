import { carriedPart } from './model-parts.js';
import type { Part } from '../types.js';
import type { AiModule } from '../model-answer/ai-module.js';
import { isUiToolPart } from './tool-parts.js';
import type { UiMessage } from './ui-messages.js';

/** A `ModelMessage` of the AI SDK. */
export interface ModelMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string | Part[];
  [field: string]: unknown;
}

/** UI messages as model messages, none of them empty: by the AI SDK's own conversion, or, where it is not installed, by the one here. */
export async function toModelMessages(
  messages: UiMessage[],
  ai: AiModule | undefined,
): Promise<ModelMessage[]> {
  const converted = ai?.convertToModelMessages
    ? ((await ai.convertToModelMessages(messages)) as ModelMessage[])
    : messages.flatMap(toModelMessagesAlone);
  return converted.filter(({ content }) => content.length > 0);
}

/** The same without the AI SDK. */
function toModelMessagesAlone({ role, parts }: UiMessage): ModelMessage[] {
  if (role === 'system') {
    return [{ role, content: parts.map(({ text }) => String(text)).join('') }];
  }
  return steps(parts)
    .flatMap((step): ModelMessage[] => [
      { role, content: step.flatMap((part) => said(role, part)) },
      {
        role: 'tool',
        content: step.filter((part) => isUiToolPart(part) && part.providerExecuted !== true).map(toolResult),
      },
    ])
    .filter(({ content }) => content.length > 0);
}

/** What lies between the beginnings of steps: each was one answer of the model. */
function steps(parts: readonly Part[]): Part[][] {
  const found: Part[][] = [[]];
  for (const part of parts) {
    if (part.type === 'step-start') found.push([]);
    else found.at(-1)?.push(part);
  }
  return found;
}

function said(role: 'user' | 'assistant', part: Part): Part[] {
  if (!isUiToolPart(part)) return [carriedPart(role, part)].filter((carried) => carried !== undefined);
  const { toolCallId, input, providerExecuted } = part;
  const call = {
    type: 'tool-call',
    toolCallId,
    toolName: toolName(part),
    input,
    ...(providerExecuted === true && { providerExecuted }),
  };
  return providerExecuted === true ? [call, toolResult(part)] : [call];
}

function toolResult(part: Part): Part {
  const { toolCallId, state, output, errorText } = part;
  const isText = typeof output === 'string';
  return {
    type: 'tool-result',
    toolCallId,
    toolName: toolName(part),
    output:
      state === 'output-error'
        ? { type: 'error-text', value: String(errorText) }
        : { type: isText ? 'text' : 'json', value: output ?? null },
  };
}

function toolName({ type, toolName: dynamic }: Part): string {
  return type === 'dynamic-tool' ? String(dynamic) : type.slice('tool-'.length);
}
