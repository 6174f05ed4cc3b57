import { Answer } from './answer.js';
import { loadAi } from './ai-module.js';
import { toModelMessages } from '../messages/model-messages.js';
import type { StreamContext } from './stream-context.js';
import type { StreamHandler, StreamOptions } from './stream-types.js';
import type { ContextStream, StreamedAnswer } from './streamed-answer.js';
import { placeSystemMessages } from './system-messages.js';
import { toUiMessages } from '../messages/ui-messages.js';

export type { ContextStream, StreamedAnswer } from './streamed-answer.js';
export type { StreamContext } from './stream-context.js';
export type { StreamHandler, StreamHandlerContext, StreamOptions } from './stream-types.js';
export type { SystemMessages } from './system-messages.js';

/**
 * Sends the window to the model that the handler calls, and appends the answer once it is complete.
 *
 * @throws TypeError, at once, for options that are none
 */
export function startStream<Result>(
  context: StreamContext,
  handler: StreamHandler<Result>,
  options: StreamOptions = {},
): ContextStream<Result> {
  checkArguments(handler, options);
  let answer: Promise<StreamedAnswer<Result>> | undefined;
  const begin = () => (answer ??= answerOf(context, handler, options));
  return {
    then: (onfulfilled, onrejected) => begin().then(onfulfilled, onrejected),
    toResponse: async (init) => (await begin()).toResponse(init),
  };
}

async function answerOf<Result>(
  context: StreamContext,
  handler: StreamHandler<Result>,
  options: StreamOptions,
): Promise<StreamedAnswer<Result>> {
  const { signal, systemMessages = 'auto' } = options;
  const [window, ai] = await Promise.all([context.window({ signal }), loadAi()]);
  const uiMessages = toUiMessages(window.messages);
  const { messages, system } = placeSystemMessages(await toModelMessages(uiMessages, ai), systemMessages, ai);
  const result = await handler(messages, { window, uiMessages, system, signal });
  return new Answer(context, window, result, ai, options);
}

const CHOICES: Partial<Record<keyof StreamOptions, readonly unknown[]>> = {
  autoAppend: [true, false],
  onAbort: ['discard', 'save'],
  systemMessages: ['auto', 'keep', 'hoist', 'user'],
};

function checkArguments(handler: unknown, options: StreamOptions): void {
  if (typeof handler !== 'function') {
    throw new TypeError(
      'stream takes a function that calls the model: ctx.stream((messages) => streamText({ model, messages }))',
    );
  }
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = options[name as keyof StreamOptions] as unknown;
    if (value !== undefined && !choices.includes(value)) {
      throw new TypeError(`${name} must be one of ${choices.join(', ')}, not ${JSON.stringify(value)}`);
    }
  }
}
