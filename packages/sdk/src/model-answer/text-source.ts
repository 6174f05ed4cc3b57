import { kindOf } from '../arguments.js';
import type { Chunk } from './chunks.js';
import type { AnswerMessage } from './answer-source.js';

type TextIterable = AsyncIterable<string> | ReadableStream<string>;

/** The id of its only part. */
const PART = 'text';

export function isTextSource(value: unknown): value is TextIterable {
  const given = (value ?? {}) as Partial<AsyncIterable<string> & ReadableStream<string>>;
  return typeof given.getReader === 'function' || typeof given[Symbol.asyncIterator] === 'function';
}

/** An answer that comes as text alone, from a model that the AI SDK is not between. */
export class TextSource {
  private text1: ReadableStream<string>;
  private text2: ReadableStream<string>;
  private said = '';

  /** @param isShared text and chunks are both read; what one of them has not read yet is then held */
  constructor(
    given: TextIterable,
    private readonly id: string,
    isShared: boolean,
  ) {
    const stream = readable(given);
    [this.text1, this.text2] = isShared ? stream.tee() : [stream, stream];
  }

  text(): AsyncIterable<string> {
    return iterable(this.text1);
  }

  /** A text that ends without a fault is a complete answer. */
  chunks(): ReadableStream<Chunk> {
    return this.text2.pipeThrough(
      new TransformStream<string, Chunk>({
        start: (controller) => {
          controller.enqueue({ type: 'start', messageId: this.id });
          controller.enqueue({ type: 'text-start', id: PART });
        },
        transform: (delta, controller) => {
          if (typeof delta !== 'string') {
            throw new TypeError(`The handler's stream must give text, and has given ${kindOf(delta)}`);
          }
          this.said += delta;
          controller.enqueue({ type: 'text-delta', id: PART, delta });
        },
        flush: (controller) => {
          controller.enqueue({ type: 'text-end', id: PART });
          controller.enqueue({ type: 'finish' });
        },
      }),
    );
  }

  message(): AnswerMessage {
    return { id: this.id, parts: [{ type: 'text', text: this.said, state: 'done' }] };
  }
}

function readable(given: TextIterable): ReadableStream<string> {
  if ('getReader' in given) return given;
  const iterator = given[Symbol.asyncIterator]();
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

/** Not every platform's ReadableStream can be iterated over. */
async function* iterable(stream: ReadableStream<string>): AsyncGenerator<string, void, undefined> {
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
