import type { ServerResponse } from 'node:http';
import type { Frame } from './frames.js';
import { CLOSE_TIMEOUT_MS, type StreamTransport } from './stream-transport.js';

/** A reader of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html. */
export class SseTransport implements StreamTransport {
  private notifyWritable: () => void = () => undefined;

  constructor(private readonly response: ServerResponse) {
    response.on('drain', () => this.notifyWritable());
  }

  /**
   * `listener` is called when little enough is buffered that the response accepts more: the reader receives what it is
   * sent, which is the only sign of life it can give.
   */
  onWritable(listener: () => void): void {
    this.notifyWritable = listener;
  }

  send({ type, version, bytes }: Frame): void {
    if (type === 'ping') this.write(': ping\n\n');
    else {
      this.response.cork();
      this.response.write(`id: ${version}\ndata: `);
      this.response.write(bytes);
      this.write('\n\n');
      this.response.uncork();
    }
  }

  bufferedBytes(): number {
    return this.response.writableLength;
  }

  close(): void {
    this.response.end();
    setTimeout(() => this.response.destroy(), CLOSE_TIMEOUT_MS).unref();
  }

  private write(text: string): void {
    if (this.response.write(text)) this.notifyWritable();
  }
}
