import type { AppendResult, EventInput, Window } from '../types.js';
import type { AiModule } from './ai-module.js';
import { answerSource, type AnswerMessage, type AnswerSource } from './answer-source.js';
import { toServerSentEvents, type Chunk } from './chunks.js';
import { Recorder } from './completion-tracker.js';
import { relay } from './tee-to-client.js';
import type { StreamContext } from './stream-context.js';
import type { StreamOptions } from './stream-types.js';
import type { StreamedAnswer } from './streamed-answer.js';

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  'x-vercel-ai-ui-message-stream': 'v1',
  'x-accel-buffering': 'no', // nginx would hold back what it gets
};

export class Answer<Result> implements StreamedAnswer<Result> {
  readonly appended: Promise<AppendResult | null>;
  readonly #source: AnswerSource;
  #chunks: (() => ReadableStream<Chunk>) | undefined;

  /** Reads on its own from now on, if it is to be appended. */
  constructor(
    private readonly context: StreamContext,
    readonly window: Window,
    readonly result: Result,
    ai: AiModule | undefined,
    private readonly options: StreamOptions,
  ) {
    const { autoAppend = true } = options;
    this.#source = answerSource(result, ai, options, autoAppend);
    if (!autoAppend) {
      this.appended = Promise.resolve(null);
      this.#chunks = () => this.#source.chunks();
      return;
    }
    let chunks!: ReadableStream<Chunk>;
    this.appended = new Promise((resolve) => {
      const recorder = new Recorder(options.onAbort === 'save');
      chunks = relay(
        this.#source.chunks(),
        (chunk) => recorder.see(chunk),
        async () => {
          const appended = this.append(recorder);
          resolve(appended);
          await appended.catch((error: unknown) => this.report(error));
        },
      );
    });
    this.appended.catch(() => undefined); // reported already; nobody has to wait for it
    this.#chunks = () => chunks;
  }

  get textStream(): AsyncIterable<string> {
    return this.#source.text();
  }

  toResponse({ headers, ...init }: ResponseInit = {}): Response {
    if (!this.#chunks) throw new TypeError('toResponse() was called before: an answer can be read once');
    const all = new Headers(headers);
    for (const [name, value] of Object.entries(HEADERS)) if (!all.has(name)) all.set(name, value);
    const body = toServerSentEvents(this.#chunks());
    this.#chunks = undefined;
    return new Response(body, { ...init, headers: all });
  }

  private async append(recorder: Recorder): Promise<AppendResult | null> {
    const event = this.eventOf(recorder);
    return event ? this.context.append(event, { idempotencyKey: this.options.idempotencyKey }) : null;
  }

  private eventOf({ isComplete, isAborted, text }: Recorder): EventInput | undefined {
    const { id } = this.#source;
    const message = this.#source.message();
    if (isComplete) return message && hasContent(message) ? assistantEvent(message, id) : undefined;
    if (!isAborted || text === '') return undefined;
    const metadata = { ...(message?.metadata as object | undefined), aborted: true };
    return assistantEvent({ id, parts: [{ type: 'text', text }], metadata }, id);
  }

  private report(error: unknown): void {
    const { onAppendError } = this.options;
    if (!onAppendError) {
      console.error(`fastpaca: the answer was not appended to conversation ${this.context.id}:`, error);
      return;
    }
    try {
      onAppendError(error);
    } catch (fault) {
      console.error('fastpaca: onAppendError has thrown', fault);
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
