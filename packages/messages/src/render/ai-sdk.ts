import type { Repair, WindowEvent } from '../window-event.js';
import { callsAwaitingExecution } from '../approvals.js';
import { isOfAiSdk, type AiSdkVersion } from './ai-sdk-native.js';
import type { AiSdkOptions } from './ai-sdk-options.js';
import { systemMessage } from './ai-sdk-system.js';
import { AiSdkWriter } from './ai-sdk-writer.js';
import { arrange, type ArrangedMessage } from './arrange.js';
import { splitLeadingSystem } from './system-text.js';

/**
 * Renders a window as `system` and `messages` of the AI SDK. `messages` are `ModelMessage`s. `system` is a list only if the caller
 * wrote system messages with `providerOptions`; AI SDK 5 accepts only a string.
 */
export function renderAiSdk(
  messages: readonly WindowEvent[],
  { version, systemPlace = 'leading', outputs }: AiSdkOptions = {},
): { prompt: { system?: string | object[]; messages: object[] }; repairs: Repair[] } {
  const openCalls = version === 5 ? undefined : callsAwaitingExecution;
  const arrangement = arrange(messages, ({ source }) => isOfAiSdk(source), openCalls);
  const { repairs } = arrangement;
  const { leading, rest } = splitSystem(arrangement.messages, systemPlace);
  const writer = new AiSdkWriter(arrangement, { version, outputs, keepsSystem: systemPlace === 'messages' });
  for (const message of rest) writer.add(message);
  const system = systemOf(leading, version, repairs);
  const written = writer.finish(system !== undefined);
  return { prompt: { ...(system !== undefined && { system }), messages: written }, repairs };
}

function splitSystem(
  messages: readonly ArrangedMessage[],
  systemPlace: AiSdkOptions['systemPlace'],
): ReturnType<typeof splitLeadingSystem> {
  if (systemPlace === 'leading') return splitLeadingSystem(messages);
  if (systemPlace !== 'hoisted') return { leading: [], rest: messages };
  return {
    leading: messages.filter(({ role }) => role === 'system'),
    rest: messages.filter(({ role }) => role !== 'system'),
  };
}

function systemOf(
  messages: readonly ArrangedMessage[],
  version: AiSdkVersion | undefined,
  repairs: Repair[],
): string | object[] | undefined {
  const written = messages
    .map((message) => systemMessage(message, repairs))
    .filter((message) => message !== undefined);
  if (written.length === 0) return undefined;
  const hasOptions = written.some(({ providerOptions }) => providerOptions !== undefined);
  if (hasOptions && version !== 5) return written;
  if (hasOptions)
    repairs.push({
      code: 'left_out',
      seq: messages[0]?.seq ?? 0,
      action: 'left out the provider options of system messages: AI SDK 5 does not accept them here',
    });
  return written.map(({ content }) => content).join('\n\n');
}
