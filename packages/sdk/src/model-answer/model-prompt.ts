import { renderAiSdk, type AiSdkOptions, type AiSdkVersion } from '@fastpaca/messages';
import type { Repair, Window } from '../types.js';
import { fromWireRepair } from '../wire/windows.js';
import { modelOutputs, type Tools } from './model-outputs.js';
import type { SystemMessages } from './stream-types.js';

/** What a handler passes to the model. */
interface ModelPrompt {
  messages: object[];
  /** A text or, since AI SDK 6, a list of system messages. */
  system: string | object[] | undefined;
  repairs: Repair[];
}

/**
 * The messages of a window for the model.
 *
 * @param version of the AI SDK; undefined if it is not installed
 * @param tools convert their outputs with `toModelOutput`, as in a call of the AI SDK
 */
export async function modelPrompt(
  { messages }: Window,
  systemMessages: SystemMessages,
  version: AiSdkVersion | undefined,
  tools: Tools | undefined,
): Promise<ModelPrompt> {
  const events = messages.map((message) => ({
    seq: message.seq,
    event: message,
    ...(message.fromSeq !== undefined &&
      message.toSeq !== undefined && { summary: { fromSeq: message.fromSeq, toSeq: message.toSeq } }),
  }));
  const { prompt, repairs } = renderAiSdk(events, {
    version,
    systemPlace: systemPlace(systemMessages, version),
    outputs: await modelOutputs(messages, tools, version),
  });
  return { ...prompt, system: prompt.system, repairs: repairs.map(fromWireRepair) };
}

function systemPlace(
  option: SystemMessages,
  version: AiSdkVersion | undefined,
): NonNullable<AiSdkOptions['systemPlace']> {
  switch (option) {
    case 'keep':
      return 'messages';
    case 'user':
      return 'user';
    case 'hoist':
      return 'hoisted';
    case 'auto':
      // AI SDK 7 rejects system messages in `messages`.
      return version === 7 ? 'user' : 'messages';
  }
}
