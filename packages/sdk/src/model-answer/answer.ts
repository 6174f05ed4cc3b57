import type { UiMessage } from '@fastpaca/messages';
import type { AppendResult, EventInput, Usage, Window } from '../types.js';
import type { AiModule } from './ai-module.js';
import { answerEvents } from './answer-events.js';
import { AnswerRecorder } from './answer-recorder.js';
import type { AnswerMessage, AnswerSource } from './answer-source.js';
import { appendAnswer } from './append-answer.js';
import { clientErrorText, toServerSentEvents, withEnding, type Chunk } from './chunks.js';
import { finishedParts } from './finished-parts.js';
import type { StreamContext, StreamedAnswer, StreamOptions } from './stream-types.js';
import { teeToClient } from './tee-to-client.js';
import { toAnswerSource } from './to-answer-source.js';
import { usageOfCall } from './usage.js';

const PROTOCOL_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  'x-vercel-ai-ui-message-stream': 'v1',
  'x-accel-buffering': 'no', // otherwise nginx buffers the response
};

/** An answer that is streamed to the client and, with `autoAppend`, appended when it has ended. */
export class Answer<Result> implements StreamedAnswer<Result> {
  readonly appended: Promise<AppendResult | null>;
  readonly #source: AnswerSource;
  /** Undefined after `toResponse`. */
  #openChunks: (() => ReadableStream<Chunk>) | undefined;

  /**
   * With `autoAppend`, the answer is read from now on, even if nobody else reads it.
   *
   * @param base the message of the model that the answer continues; undefined if it begins a new one
   */
  constructor(
    private readonly context: StreamContext,
    readonly window: Window,
    readonly result: Result,
    ai: AiModule | undefined,
    private readonly base: UiMessage | undefined,
    private readonly options: StreamOptions,
  ) {
    const { autoAppend = true } = options;
    this.#source = toAnswerSource(result, ai, options, autoAppend, base);
    if (!autoAppend) {
      this.appended = Promise.resolve(null);
      this.#openChunks = () => this.openSource();
      return;
    }
    const { chunks, appended } = this.readAndAppend();
    this.appended = appended;
    this.appended.catch(() => undefined); // reported in `appendAndReport`; awaiting `appended` is optional
    this.#openChunks = () => chunks;
  }

  get textStream(): AsyncIterable<string> {
    return this.#source.text();
  }

  toResponse({ headers, ...init }: ResponseInit = {}): Response {
    if (!this.#openChunks)
      throw new TypeError('toResponse() was called before: an answer can be read only once');
    const allHeaders = new Headers(headers);
    for (const [name, value] of Object.entries(PROTOCOL_HEADERS)) {
      if (!allHeaders.has(name)) allHeaders.set(name, value);
    }
    const body = toServerSentEvents(this.#openChunks());
    this.#openChunks = undefined;
    return new Response(body, { ...init, headers: allHeaders });
  }

  private openSource(): ReadableStream<Chunk> {
    const { signal, onError } = this.options;
    return withEnding(this.#source.chunks(), { signal, onError: clientErrorText(onError) });
  }

  private readAndAppend(): { chunks: ReadableStream<Chunk>; appended: Promise<AppendResult | null> } {
    const recorder = new AnswerRecorder();
    let resolve!: (result: Promise<AppendResult | null>) => void;
    const appended = new Promise<AppendResult | null>((settle) => (resolve = settle));
    const chunks = teeToClient(
      this.openSource(),
      (chunk) => recorder.add(chunk),
      async () => {
        const append = this.append(recorder);
        resolve(append);
        await append.catch((error: unknown) => this.reportAppendError(error));
      },
    );
    return { chunks, appended };
  }

  private async append(recorder: AnswerRecorder): Promise<AppendResult | null> {
    const events = await this.toEvents(recorder);
    return appendAnswer(this.context, events, this.usage(events), this.options.idempotencyKey);
  }

  /**
   * What the provider has counted for the window. Undefined if it is not known, and if tools ran before the model was called: then its
   * input has their results, which the window has not.
   */
  private usage(events: readonly EventInput[]): Usage | undefined {
    const { reportUsage = true } = this.options;
    const call = this.#source.call();
    const isOfWindow = events[0]?.role === 'assistant';
    return reportUsage && call && isOfWindow ? usageOfCall(this.window, call) : undefined;
  }

  /** @returns empty if nothing is to be appended */
  private async toEvents(recorder: AnswerRecorder): Promise<EventInput[]> {
    const message = recorder.isComplete ? this.#source.message() : await this.finishedMessage(recorder);
    return message ? answerEvents(message, this.base) : [];
  }

  /** What is kept of an answer that broke off, marked in its metadata. */
  private async finishedMessage(recorder: AnswerRecorder): Promise<AnswerMessage | undefined> {
    const { isAborted, finishedSteps, chunks } = recorder;
    const partial = await this.#source.partialMessage(chunks);
    if (!partial) return undefined;
    const baseLength = this.base?.parts.length ?? 0;
    const keepsText = isAborted && this.options.onAbort === 'save';
    const parts = finishedParts(partial.parts.slice(baseLength), finishedSteps, keepsText);
    return {
      ...partial,
      parts: [...partial.parts.slice(0, baseLength), ...parts],
      metadata: {
        ...(partial.metadata as object | undefined),
        ...(isAborted ? { aborted: true } : { failed: true }),
      },
    };
  }

  private reportAppendError(error: unknown): void {
    const { onAppendError } = this.options;
    if (!onAppendError) {
      console.error(`fastpaca: the answer was not appended to conversation ${this.context.id}:`, error);
      return;
    }
    try {
      onAppendError(error);
    } catch (callbackError) {
      console.error('fastpaca: onAppendError threw an error', callbackError);
    }
  }
}
