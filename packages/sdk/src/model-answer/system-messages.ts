import type { ModelMessage } from '../messages/model-messages.js';
import { rejectsSystemMessages, type AiModule } from './ai-module.js';
import type { SystemMessages } from './stream-types.js';

/** Applies the `systemMessages` option. Hoisted texts are joined by an empty line. */
export function placeSystemMessages(
  messages: ModelMessage[],
  option: SystemMessages,
  ai: AiModule | undefined,
): { messages: ModelMessage[]; system: string | undefined } {
  const supported = rejectsSystemMessages(ai) ? 'user' : 'keep';
  switch (option === 'auto' ? supported : option) {
    case 'keep':
      return { messages, system: undefined };
    case 'user':
      return {
        messages: messages.map((message) =>
          message.role === 'system' ? { ...message, role: 'user' } : message,
        ),
        system: undefined,
      };
    case 'hoist': {
      // The content of a system message is always a text.
      const texts = messages.filter(({ role }) => role === 'system').map(({ content }) => content as string);
      return {
        messages: messages.filter(({ role }) => role !== 'system'),
        system: texts.length > 0 ? texts.join('\n\n') : undefined,
      };
    }
  }
}
