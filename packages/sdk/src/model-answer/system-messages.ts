import { refusesSystemMessages, type AiModule } from './ai-module.js';
import type { ModelMessage } from '../messages/model-messages.js';

/**
 * - `keep`: among the messages, as they are. AI SDK 7 wants `allowSystemInMessages: true` then, which 5 and 6 ignore.
 * - `user`: among the messages, as messages of the user.
 * - `hoist`: their text is `system` of the handler's second argument, for `streamText({ system, messages })`.
 * - `auto`: `keep` where the AI SDK takes that, which is 5 and 6; else `user`.
 */
export type SystemMessages = 'auto' | 'keep' | 'hoist' | 'user';

/** Gives system messages their place. The text of several is joined by an empty line. */
export function placeSystemMessages(
  messages: ModelMessage[],
  wanted: SystemMessages,
  ai: AiModule | undefined,
): { messages: ModelMessage[]; system: string | undefined } {
  const place = wanted === 'auto' ? (refusesSystemMessages(ai) ? 'user' : 'keep') : wanted;
  if (place === 'keep') return { messages, system: undefined };
  if (place === 'user') {
    return {
      messages: messages.map((message) =>
        message.role === 'system' ? { ...message, role: 'user' } : message,
      ),
      system: undefined,
    };
  }
  // A system message's content is always a text.
  const texts = messages.filter(({ role }) => role === 'system').map(({ content }) => content as string);
  return {
    messages: messages.filter(({ role }) => role !== 'system'),
    system: texts.length > 0 ? texts.join('\n\n') : undefined,
  };
}
