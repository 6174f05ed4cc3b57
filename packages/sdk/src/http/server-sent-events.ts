import { ConnectionError, TimeoutError } from '../errors.js';

/**
 * Reads the data of each server-sent event, as specified in https://html.spec.whatwg.org/multipage/server-sent-events.html. An event
 * that a broken connection leaves incomplete is dropped. Ending the iteration closes the connection.
 *
 * @param idleTimeoutMs longest time without any data; comments are data, too
 * @throws ConnectionError the connection broke; TimeoutError it was idle for too long
 */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  idleTimeoutMs: number,
): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const splitter = new LineSplitter();
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, idleTimeoutMs);
      if (done) return;
      for (const line of splitter.push(value)) {
        if (line === '') {
          if (data.length) yield data.join('\n');
          data = [];
        } else if (line.startsWith('data:')) data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
      }
    }
  } finally {
    // Not awaited: cancelling may wait for a network that is no longer there.
    reader.cancel().catch(() => undefined);
  }
}

/** Splits bytes that arrive in chunks into lines. */
class LineSplitter {
  private readonly decoder = new TextDecoder();
  /** The chunks of the incomplete last line. They are joined once, when the line is complete. */
  private incompleteLine: string[] = [];
  /** A carriage return at the end of a chunk: with a line feed in the next chunk it is one line break. */
  private pendingReturn = '';

  /** @returns the lines that are complete now */
  push(bytes: Uint8Array): string[] {
    let text = this.pendingReturn + this.decoder.decode(bytes, { stream: true });
    this.pendingReturn = text.endsWith('\r') ? '\r' : '';
    if (this.pendingReturn) text = text.slice(0, -1);
    const lines = text.split(/\r\n|\r|\n/);
    this.incompleteLine.push(lines.shift() ?? '');
    if (lines.length === 0) return [];
    lines.unshift(this.incompleteLine.join(''));
    this.incompleteLine = [lines.pop() ?? ''];
    return lines;
  }
}

async function readWithin(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  timeoutMs: number,
): ReturnType<typeof reader.read> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new TimeoutError(`The stream was idle for ${timeoutMs} ms`, { code: 'timeout' })),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([reader.read(), timeout]);
  } catch (cause) {
    if (cause instanceof TimeoutError) throw cause;
    throw new ConnectionError('The connection of the stream broke', { code: 'connection_failed', cause });
  } finally {
    clearTimeout(timer);
  }
}
