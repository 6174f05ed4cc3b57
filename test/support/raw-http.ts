import { connect, type Socket } from 'node:net';
import type { HttpResponse } from './http-client.js';
import { PATIENCE_MS } from './patience.js';

/** A connection on which a test writes raw bytes, including malformed HTTP, and reads the responses. */
export class RawConnection {
  private received = Buffer.alloc(0);
  private closed = false;
  private wake: () => void = () => undefined;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake();
    });
    socket.on('error', () => undefined); // a close event follows
    socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawConnection(socket);
  }

  /** Writes raw bytes. The caller adds the `\r\n` of each header line. */
  write(data: string | Buffer): this {
    if (!this.closed) this.socket.write(data);
    return this;
  }

  /** Resolves to the next response. Its body ends after `content-length` bytes, or with the connection. */
  async response({ toHead = false } = {}): Promise<HttpResponse> {
    const head = await this.until(() => {
      const end = this.received.indexOf('\r\n\r\n');
      return end < 0 ? undefined : end + 4;
    });
    const [statusLine = '', ...lines] = this.received
      .subarray(0, head)
      .toString('latin1')
      .trim()
      .split('\r\n');
    const headers = new Headers(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      }),
    );
    const status = Number(statusLine.split(' ')[1]);
    const length = toHead || status < 200 || status === 204 ? 0 : headers.get('content-length');
    const end = await this.until(() => {
      if (length === null) return this.closed ? this.received.length : undefined;
      return this.received.length >= head + Number(length) ? head + Number(length) : undefined;
    });
    const text = this.received.subarray(head, end).toString();
    this.received = this.received.subarray(end);
    const isJson = headers.get('content-type')?.includes('json') && text !== '';
    return {
      status,
      headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    };
  }

  /** Resolves when the service has closed the connection. */
  async end(): Promise<void> {
    await this.until(() => (this.closed ? true : undefined));
  }

  /** Half-closes the connection: nothing more will be written. */
  finish(): void {
    this.socket.end();
  }

  close(): void {
    this.socket.destroy();
  }

  private async until<T>(check: () => T | undefined): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = check();
      if (found !== undefined) return found;
      const remainingMs = deadline - Date.now();
      if (this.closed) throw new Error(`the connection closed after ${this.received.length} bytes`);
      if (remainingMs <= 0) throw new Error(`no response within ${PATIENCE_MS} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, remainingMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** Sends one raw request on a new connection. */
export async function sendRaw(url: string, data: string | Buffer): Promise<HttpResponse> {
  const connection = await RawConnection.open(url);
  try {
    return await connection.write(data).response();
  } finally {
    connection.close();
  }
}
