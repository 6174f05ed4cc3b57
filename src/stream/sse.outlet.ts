import type { ServerResponse } from 'node:http';
import type { Frame } from './frames.js';
import type { Outlet } from './subscription.js';

/** How long a reader has to take the last of what it was sent, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1000;

/** A reader of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html. */
export class SseOutlet implements Outlet {
  /** @param seen called when the reader has taken all it was sent, its only way to show that it is there */
  constructor(
    private readonly response: ServerResponse,
    private readonly seen: () => void,
  ) {
    response.on('drain', seen);
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
    if (this.response.write(text)) this.seen();
  }
}
