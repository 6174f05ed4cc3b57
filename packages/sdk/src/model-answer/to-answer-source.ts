import type { UiMessage } from '@fastpaca/messages';
import { describeType } from '../arguments.js';
import type { AiModule } from './ai-module.js';
import type { AnswerSource } from './answer-source.js';
import type { StreamOptions } from './stream-types.js';
import { isTextIterable, TextSource } from './text-source.js';
import { findUiMessageStream, UiMessageSource, type AiResult } from './ui-message-source.js';

/**
 * @param result what the handler returned
 * @param isTextReadToo the text is read in addition to the chunks
 * @param base the message that the answer continues
 * @throws TypeError the handler returned nothing that can be streamed
 */
export function toAnswerSource(
  result: unknown,
  ai: AiModule | undefined,
  options: StreamOptions,
  isTextReadToo: boolean,
  base: UiMessage | undefined,
): AnswerSource {
  const { generateMessageId = () => crypto.randomUUID() } = options;
  const id = generateMessageId();
  const aiResult = (result ?? {}) as AiResult;
  const toUiMessageStream = findUiMessageStream(aiResult, ai);
  if (toUiMessageStream) return new UiMessageSource(id, aiResult, toUiMessageStream, ai, base, options);
  const text = isTextIterable(result) ? result : aiResult.textStream;
  if (isTextIterable(text)) return new TextSource(text, id, isTextReadToo);
  throw new TypeError(describeUnstreamable(result));
}

function describeUnstreamable(result: unknown): string {
  const found = result instanceof Response ? 'a Response' : describeType(result);
  return (
    `The handler of stream must return the result of streamText, or text as AsyncIterable<string> or ReadableStream<string>, not ${found}.` +
    (result === undefined ? ' Is a return missing?' : '') +
    (result instanceof Response ? ' To get a Response, call toResponse() of the stream.' : '')
  );
}
