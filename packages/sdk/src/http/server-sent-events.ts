import { ConnectionError, TimeoutError } from '../errors.js';

/**
 * The data of each server-sent event, as https://html.spec.whatwg.org/multipage/server-sent-events.html parses them. What a broken
 * connection leaves unfinished is not given.
 *
 * @param idleTimeoutMs longest silence; a comment is a sign of life
 * @throws ConnectionError the connection broke; TimeoutError it was silent for too long
 */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  idleTimeoutMs: number,
): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const lines = new LineSplitter();
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, idleTimeoutMs);
      if (done) return;
      for (const line of lines.take(value)) {
        if (line === '') {
          if (data.length) yield data.join('\n');
          data = [];
        } else if (line.startsWith('data:')) data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
      }
    }
  } finally {
    // Not waited for: it may have to wait for the network that has just gone.
    reader.cancel().catch(() => undefined);
  }
}

/** Cuts text that comes in pieces into lines. */
class LineSplitter {
  private readonly decoder = new TextDecoder();
  /** The line that has begun; in pieces, so that a long one is put together once. */
  private begun: string[] = [];
  /** A carriage return at the end of a piece may be one line break with the next. */
  private held = '';

  take(bytes: Uint8Array): string[] {
    let text = this.held + this.decoder.decode(bytes, { stream: true });
    this.held = text.endsWith('\r') ? '\r' : '';
    if (this.held) text = text.slice(0, -1);
    const lines = text.split(/\r\n|\r|\n/);
    this.begun.push(lines.shift() ?? '');
    if (lines.length === 0) return [];
    lines.unshift(this.begun.join(''));
    this.begun = [lines.pop() ?? ''];
    return lines;
  }
}

async function readWithin(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  timeoutMs: number,
): ReturnType<typeof reader.read> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new TimeoutError(`The stream was silent for ${timeoutMs} ms`, { code: 'timeout' })),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } catch (cause) {
    if (cause instanceof TimeoutError) throw cause;
    throw new ConnectionError('The stream broke', { code: 'connection_failed', cause });
  } finally {
    clearTimeout(timer);
  }
}
