import { describeType } from '../arguments.js';
import type { AnswerMessage, AnswerSource } from './answer-source.js';
import type { Chunk } from './chunks.js';

type TextIterable = AsyncIterable<string> | ReadableStream<string>;

/** The id of the only part of the message. */
const PART_ID = 'text';

export function isTextIterable(value: unknown): value is TextIterable {
  const candidate = (value ?? {}) as Partial<AsyncIterable<string> & ReadableStream<string>>;
  return typeof candidate.getReader === 'function' || typeof candidate[Symbol.asyncIterator] === 'function';
}

/** An answer that consists of text only, from a model that is called without the AI SDK. */
export class TextSource implements AnswerSource {
  private readonly textStream: ReadableStream<string>;
  private readonly chunkSource: ReadableStream<string>;
  private textSoFar = '';

  /** @param isTextReadToo the text is read in addition to the chunks; what one of them has not read yet is kept in memory */
  constructor(
    text: TextIterable,
    readonly id: string,
    isTextReadToo: boolean,
  ) {
    const stream = toReadableStream(text);
    [this.textStream, this.chunkSource] = isTextReadToo ? stream.tee() : [stream, stream];
  }

  text(): AsyncIterable<string> {
    return iterate(this.textStream);
  }

  /** A text that ends without an error is a complete answer. */
  chunks(): ReadableStream<Chunk> {
    return this.chunkSource.pipeThrough(
      new TransformStream<string, Chunk>({
        start: (controller) => {
          controller.enqueue({ type: 'start', messageId: this.id });
          controller.enqueue({ type: 'text-start', id: PART_ID });
        },
        transform: (delta, controller) => {
          if (typeof delta !== 'string') {
            throw new TypeError(`The stream of the handler must contain text, not ${describeType(delta)}`);
          }
          this.textSoFar += delta;
          controller.enqueue({ type: 'text-delta', id: PART_ID, delta });
        },
        flush: (controller) => {
          controller.enqueue({ type: 'text-end', id: PART_ID });
          controller.enqueue({ type: 'finish' });
        },
      }),
    );
  }

  message(): AnswerMessage {
    return { id: this.id, parts: [{ type: 'text', text: this.textSoFar, state: 'done' }] };
  }

  call(): undefined {
    return undefined;
  }

  partialMessage(): Promise<AnswerMessage> {
    return Promise.resolve(this.message());
  }
}

function toReadableStream(text: TextIterable): ReadableStream<string> {
  if ('getReader' in text) return text;
  const iterator = text[Symbol.asyncIterator]();
  return new ReadableStream<string>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

/** Some platforms have a `ReadableStream` that is not iterable. */
async function* iterate(stream: ReadableStream<string>): AsyncGenerator<string, void, undefined> {
  const reader = stream.getReader();
  let isDone = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        isDone = true;
        return;
      }
      yield value;
    }
  } finally {
    if (!isDone) await reader.cancel();
  }
}
