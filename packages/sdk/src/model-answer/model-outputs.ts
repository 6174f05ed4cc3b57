import type { AiSdkVersion } from '@fastpaca/messages';
import type { Part, Window } from '../types.js';

/** The tools of a call of the AI SDK, by name. */
export type Tools = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- of every version of the AI SDK

/**
 * The outputs that tools convert with `toModelOutput`, for example to images, by their UI tool part. Without it an output is text or
 * JSON.
 */
export async function modelOutputs(
  messages: Window['messages'],
  tools: Tools = {},
  version: AiSdkVersion | undefined,
): Promise<Map<object, object>> {
  const outputs = new Map<object, object>();
  for (const part of messages.flatMap(({ parts }) => parts)) {
    const tool = tools[toolName(part)] as { toModelOutput?: (output: unknown) => unknown } | undefined;
    if (part.state !== 'output-available' || !tool?.toModelOutput) continue;
    const { toolCallId, input, output } = part;
    // AI SDK 5 passes the output alone.
    const converted = await tool.toModelOutput(version === 5 ? output : { toolCallId, input, output });
    outputs.set(part, converted as object);
  }
  return outputs;
}

function toolName({ type, toolName: name }: Part): string {
  return type === 'dynamic-tool' ? String(name) : type.replace(/^tool-/, '');
}
