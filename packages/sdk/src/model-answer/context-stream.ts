import type { UiMessage } from '@fastpaca/messages';
import { toUIMessages } from '../conversation/ui-messages.js';
import { WindowOverflowError } from '../errors.js';
import { aiVersion, loadAi } from './ai-module.js';
import { Answer } from './answer.js';
import { modelPrompt } from './model-prompt.js';
import type {
  ContextStream,
  StreamContext,
  StreamedAnswer,
  StreamHandler,
  StreamOptions,
} from './stream-types.js';

export type * from './stream-types.js';

/**
 * Sends the window to the model that the handler calls, and appends the answer when it is complete.
 *
 * @throws TypeError immediately for invalid arguments
 */
export function startStream<Result>(
  context: StreamContext,
  handler: StreamHandler<Result>,
  options: StreamOptions = {},
): ContextStream<Result> {
  checkArguments(handler, options);
  let answer: Promise<StreamedAnswer<Result>> | undefined;
  const begin = () => (answer ??= beginAnswer(context, handler, options));
  return {
    then: (onfulfilled, onrejected) => begin().then(onfulfilled, onrejected),
    toResponse: async (init) => (await begin()).toResponse(init),
  };
}

async function beginAnswer<Result>(
  context: StreamContext,
  handler: StreamHandler<Result>,
  options: StreamOptions,
): Promise<StreamedAnswer<Result>> {
  const { signal, systemMessages = 'auto', tools } = options;
  const [window, ai] = await Promise.all([context.window({ signal }), loadAi()]);
  if (window.overflow) throw new WindowOverflowError(context.id, window.overflow, window.budgetTokens);
  const uiMessages = toUIMessages(window.messages);
  const { messages, system, repairs } = await modelPrompt(window, systemMessages, aiVersion(ai), tools);
  const result = await handler(messages, { window, uiMessages, system, repairs, signal });
  return new Answer(context, window, result, ai, continuedMessage(uiMessages), options);
}

/** The last message, if it is an answer that ends with tool calls: the model continues it. */
function continuedMessage(messages: readonly UiMessage[]): UiMessage | undefined {
  const last = messages.at(-1);
  return last?.role === 'assistant' && typeof last.parts.at(-1)?.toolCallId === 'string' ? last : undefined;
}

const ALLOWED_VALUES: Partial<Record<keyof StreamOptions, readonly unknown[]>> = {
  autoAppend: [true, false],
  reportUsage: [true, false],
  onAbort: ['discard', 'save'],
  systemMessages: ['auto', 'keep', 'hoist', 'user'],
};

function checkArguments(handler: unknown, options: StreamOptions): void {
  if (typeof handler !== 'function') {
    throw new TypeError(
      'stream takes a function that calls the model: ctx.stream((messages) => streamText({ model, messages }))',
    );
  }
  for (const [name, allowed] of Object.entries(ALLOWED_VALUES)) {
    const value = options[name as keyof StreamOptions] as unknown;
    if (value !== undefined && !allowed.includes(value)) {
      throw new TypeError(`${name} must be one of ${allowed.join(', ')}, not ${JSON.stringify(value)}`);
    }
  }
}
