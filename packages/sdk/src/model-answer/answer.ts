import type { AppendResult, EventInput, Window } from '../types.js';
import type { AiModule } from './ai-module.js';
import type { AnswerMessage, AnswerSource } from './answer-source.js';
import { clientErrorText, toServerSentEvents, withEnding, type Chunk } from './chunks.js';
import { CompletionTracker } from './completion-tracker.js';
import type { StreamContext, StreamedAnswer, StreamOptions } from './stream-types.js';
import { teeToClient } from './tee-to-client.js';
import { toAnswerSource } from './to-answer-source.js';

const PROTOCOL_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  'x-vercel-ai-ui-message-stream': 'v1',
  'x-accel-buffering': 'no', // otherwise nginx buffers the response
};

/** An answer that is streamed to the client and, with `autoAppend`, appended when it is complete. */
export class Answer<Result> implements StreamedAnswer<Result> {
  readonly appended: Promise<AppendResult | null>;
  readonly #source: AnswerSource;
  /** Undefined after `toResponse`. */
  #openChunks: (() => ReadableStream<Chunk>) | undefined;

  /** With `autoAppend`, the answer is read from now on, even if nobody else reads it. */
  constructor(
    private readonly context: StreamContext,
    readonly window: Window,
    readonly result: Result,
    ai: AiModule | undefined,
    private readonly options: StreamOptions,
  ) {
    const { autoAppend = true } = options;
    this.#source = toAnswerSource(result, ai, options, autoAppend);
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
    const tracker = new CompletionTracker(this.options.onAbort === 'save');
    let resolve!: (result: Promise<AppendResult | null>) => void;
    const appended = new Promise<AppendResult | null>((settle) => (resolve = settle));
    const chunks = teeToClient(
      this.openSource(),
      (chunk) => tracker.add(chunk),
      async () => {
        const append = this.append(tracker);
        resolve(append);
        await append.catch((error: unknown) => this.reportAppendError(error));
      },
    );
    return { chunks, appended };
  }

  private async append(tracker: CompletionTracker): Promise<AppendResult | null> {
    const event = this.toEvent(tracker);
    return event ? this.context.append(event, { idempotencyKey: this.options.idempotencyKey }) : null;
  }

  /** @returns undefined if nothing is to be appended */
  private toEvent({ isComplete, isAborted, text }: CompletionTracker): EventInput | undefined {
    const { id } = this.#source;
    const message = this.#source.message();
    if (isComplete) return message && hasContent(message) ? assistantEvent(message, id) : undefined;
    if (!isAborted || text === '') return undefined;
    const metadata = { ...(message?.metadata as object | undefined), aborted: true };
    return assistantEvent({ id, parts: [{ type: 'text', text }], metadata }, id);
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

function assistantEvent({ id, parts, metadata }: AnswerMessage, fallbackId: string): EventInput {
  return {
    role: 'assistant',
    id: id || fallbackId,
    parts,
    ...(metadata !== undefined && { metadata: metadata as Record<string, unknown> }),
  };
}

function hasContent({ parts }: AnswerMessage): boolean {
  return parts.some(({ type, text }) => type !== 'step-start' && text !== '');
}
