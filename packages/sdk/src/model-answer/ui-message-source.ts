import type { UiMessage } from '@fastpaca/messages';
import type { AiModule } from './ai-module.js';
import type { AnswerMessage, AnswerSource } from './answer-source.js';
import { clientErrorText, type Chunk } from './chunks.js';
import type { StreamOptions } from './stream-types.js';
import { stepCall, type ModelCall, type Step } from './usage.js';

/** The fields of an AI SDK result that are used. AI SDK 7 adds `stream` and deprecates `toUIMessageStream`. */
export interface AiResult {
  stream?: ReadableStream<unknown>;
  textStream?: AsyncIterable<string>;
  toUIMessageStream?: (options: Record<string, unknown>) => ReadableStream<unknown>;
}

/**
 * Finds the function that turns the result into a UI message stream. The method of the result is preferred, because it always has the
 * same major version as the result; the installed `ai` may have another one.
 */
export function findUiMessageStream(
  result: AiResult,
  ai: AiModule | undefined,
): AiResult['toUIMessageStream'] {
  if (typeof result.toUIMessageStream === 'function') return result.toUIMessageStream.bind(result);
  const { stream } = result;
  const convert = ai?.toUIMessageStream;
  return isReadableStream(stream) && convert ? (options) => convert({ stream, ...options }) : undefined;
}

/** An answer from the AI SDK. */
export class UiMessageSource implements AnswerSource {
  readonly id: string;
  private finished?: AnswerMessage;
  private firstStep?: Step;

  /** @param base the message that the answer continues, so that the client continues it, too */
  constructor(
    id: string,
    private readonly result: AiResult,
    private readonly toUiMessageStream: NonNullable<AiResult['toUIMessageStream']>,
    private readonly ai: AiModule | undefined,
    private readonly base: UiMessage | undefined,
    private readonly options: StreamOptions,
  ) {
    this.id = base?.id ?? id;
  }

  text(): AsyncIterable<string> {
    const { textStream } = this.result;
    if (!textStream) throw new TypeError('The value that the handler returned has no textStream; use result');
    return textStream;
  }

  chunks(): ReadableStream<Chunk> {
    const { onError, uiMessageStream } = this.options;
    const messageMetadata = uiMessageStream?.messageMetadata as ((options: object) => unknown) | undefined;
    const onEnd = ({ responseMessage }: { responseMessage: AnswerMessage }) => {
      this.finished = { ...responseMessage, id: this.id };
    };
    const chunks = this.toUiMessageStream({
      ...uiMessageStream,
      messageMetadata: (options: { part: { type: string } & Step }) => {
        // The chunks of the UI message stream have no usage.
        if (options.part.type === 'finish-step') this.firstStep ??= options.part;
        return messageMetadata?.(options);
      },
      generateMessageId: () => this.id,
      ...(this.base && { originalMessages: [this.base] }),
      // AI SDK 7 replaces the error texts of tools if there is an `onError`. The model has seen the texts, so they are kept.
      ...(onError && { onError: clientErrorText(onError), redactToolErrors: false }),
      onFinish: onEnd,
      onEnd, // the name of `onFinish` since AI SDK 7
    });
    return chunks as ReadableStream<Chunk>;
  }

  message(): AnswerMessage | undefined {
    return this.finished;
  }

  call(): ModelCall | undefined {
    return this.firstStep && stepCall(this.firstStep);
  }

  async partialMessage(chunks: readonly Chunk[]): Promise<AnswerMessage | undefined> {
    if (!this.ai?.readUIMessageStream) return undefined;
    const stream = new ReadableStream<Chunk>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
    let message: AnswerMessage | undefined;
    const states = this.ai.readUIMessageStream({
      stream,
      ...(this.base && { message: structuredClone(this.base) }),
    });
    for await (const state of states) message = state as AnswerMessage;
    return message && { ...message, id: this.id };
  }
}

function isReadableStream(value: unknown): boolean {
  return typeof (value as ReadableStream | undefined)?.pipeThrough === 'function';
}
