import type { Part } from './message.js';
import { toModelPart } from './model-parts.js';
import { isUiToolPart, uiToolName } from './tool-parts.js';
import type { UiMessage } from './ui-messages.js';

/** A `ModelMessage` of the AI SDK. */
export interface ModelMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string | Part[];
  [field: string]: unknown;
}

/** The AI SDK's own conversion. It returns an array in AI SDK 5 and a promise of one in 6 and 7. */
export interface ModelMessageConverter {
  convertToModelMessages?: (messages: unknown[]) => unknown;
}

/**
 * Converts UI messages to model messages and leaves out empty ones.
 *
 * @param ai converts the messages; if it is undefined, the same conversion is done without the AI SDK
 */
export async function toModelMessages(
  messages: UiMessage[],
  ai: ModelMessageConverter | undefined,
): Promise<ModelMessage[]> {
  const converted = ai?.convertToModelMessages
    ? ((await ai.convertToModelMessages(messages)) as ModelMessage[])
    : messages.flatMap(convertWithoutAi);
  return converted.filter(({ content }) => content.length > 0);
}

function convertWithoutAi({ role, parts }: UiMessage): ModelMessage[] {
  if (role === 'system') {
    return [{ role, content: parts.map(({ text }) => String(text)).join('') }];
  }
  return splitIntoSteps(parts).flatMap((step): ModelMessage[] => [
    { role, content: step.flatMap((part) => toMessageParts(role, part)) },
    {
      role: 'tool',
      content: step
        .filter((part) => isUiToolPart(part) && part.providerExecuted !== true)
        .map(toToolResultPart),
    },
  ]);
}

/** Each step is one call of the model. */
function splitIntoSteps(parts: readonly Part[]): Part[][] {
  const steps: Part[][] = [[]];
  for (const part of parts) {
    if (part.type === 'step-start') steps.push([]);
    else steps.at(-1)?.push(part);
  }
  return steps;
}

function toMessageParts(role: 'user' | 'assistant', part: Part): Part[] {
  if (!isUiToolPart(part)) return [toModelPart(role, part)].filter((converted) => converted !== undefined);
  const { toolCallId, input, providerExecuted } = part;
  const call = {
    type: 'tool-call',
    toolCallId,
    toolName: uiToolName(part),
    input,
    ...(providerExecuted === true && { providerExecuted }),
  };
  return providerExecuted === true ? [call, toToolResultPart(part)] : [call];
}

function toToolResultPart(part: Part): Part {
  const { toolCallId, state, output, errorText } = part;
  const isText = typeof output === 'string';
  return {
    type: 'tool-result',
    toolCallId,
    toolName: uiToolName(part),
    output:
      state === 'output-error'
        ? { type: 'error-text', value: String(errorText) }
        : { type: isText ? 'text' : 'json', value: output ?? null },
  };
}
