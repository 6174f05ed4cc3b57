import { kindOf } from '../arguments.js';
import type { Part } from '../types.js';
import type { AiModule } from './ai-module.js';
import { MASKED_ERROR, withEnding, type Chunk } from './chunks.js';
import type { StreamOptions } from './stream-types.js';
import { isTextSource, TextSource } from './text-source.js';

/** An answer, as a `UIMessage` of the AI SDK. */
export interface AnswerMessage {
  id: string;
  parts: Part[];
  metadata?: unknown;
}

/** Where an answer comes from. */
export interface AnswerSource {
  readonly id: string;
  /** The text as it comes. */
  text(): AsyncIterable<string>;
  /** All of it, to be read once. The stream does not fail. */
  chunks(): ReadableStream<Chunk>;
  /** The whole message, once the chunks have come to their end. */
  message(): AnswerMessage | undefined;
}

/** What a result of the AI SDK has; `toUIMessageStream` is deprecated in 7, where `stream` is new. */
interface AiResult {
  stream?: ReadableStream<unknown>;
  textStream?: AsyncIterable<string>;
  toUIMessageStream?: (options: Record<string, unknown>) => ReadableStream<unknown>;
}

/**
 * @param isShared its text is read besides its chunks
 * @throws TypeError the handler returned nothing that can be streamed
 */
export function answerSource(
  result: unknown,
  ai: AiModule | undefined,
  options: StreamOptions,
  isShared: boolean,
): AnswerSource {
  const { generateMessageId = () => crypto.randomUUID(), uiMessageStream = {}, signal } = options;
  const onError = errorText(options.onError);
  const id = generateMessageId();
  const given = (result ?? {}) as AiResult;
  const open = uiMessageStreamOf(given, ai);
  if (!open) {
    const text = isTextSource(result) ? result : given.textStream;
    if (!isTextSource(text)) throw new TypeError(notStreamable(result));
    const source = new TextSource(text, id, isShared);
    return {
      id,
      text: () => source.text(),
      chunks: () => withEnding(source.chunks(), { signal, onError }),
      message: () => source.message(),
    };
  }

  let message: AnswerMessage | undefined;
  const onEnd = ({ responseMessage }: { responseMessage: AnswerMessage }) => {
    message = responseMessage;
  };
  return {
    id,
    text: () => given.textStream ?? notText(),
    chunks: () => {
      const chunks = open({
        ...uiMessageStream,
        generateMessageId: () => id,
        // 7 replaces the texts of failed tools if there is an `onError`; the model has seen them, so they stay.
        ...(options.onError && { onError, redactToolErrors: false }),
        onFinish: onEnd,
        onEnd, // its name since 7
      });
      return withEnding(chunks as ReadableStream<Chunk>, { signal, onError });
    },
    message: () => message,
  };
}

/** Its own method is of its own major, whichever `ai` is found beside the SDK. */
function uiMessageStreamOf(result: AiResult, ai: AiModule | undefined): AiResult['toUIMessageStream'] {
  if (typeof result.toUIMessageStream === 'function') return result.toUIMessageStream.bind(result);
  const { stream } = result;
  const convert = ai?.toUIMessageStream;
  return isStream(stream) && convert ? (options) => convert({ stream, ...options }) : undefined;
}

/** What the client is told; a callback that throws must not end an answer. */
function errorText(onError: StreamOptions['onError']): (error: unknown) => string {
  return (error) => {
    try {
      const text = onError?.(error);
      return typeof text === 'string' ? text : MASKED_ERROR;
    } catch {
      return MASKED_ERROR;
    }
  };
}

function isStream(value: unknown): boolean {
  return typeof (value as ReadableStream | undefined)?.pipeThrough === 'function';
}

function notStreamable(result: unknown): string {
  const found = result instanceof Response ? 'a Response' : kindOf(result);
  return (
    `The handler of stream must return the result of streamText, or text as AsyncIterable<string> or ReadableStream<string>, not ${found}.` +
    (result === undefined ? ' Is a return missing?' : '') +
    (result instanceof Response ? ' The Response is made by toResponse() of the stream.' : '')
  );
}

function notText(): never {
  throw new TypeError('What the handler returned has no textStream; read its result instead');
}
