import { request, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { HttpClient } from './http-client.js';
import { PATIENCE_MS } from './patience.js';

export interface StreamFrame {
  type: string;
  version: number;
  [field: string]: any;
}

export interface ReaderOptions {
  /** The query with its question mark, or an empty string. */
  query?: string;
  headers?: Record<string, string>;
  /** Only for websockets: `false` disables the automatic pong to a ping of the websocket protocol. */
  autoPong?: boolean;
  /** Reduces a frame before it is stored, to save memory. By default the whole frame is stored. */
  keep?: (frame: StreamFrame) => StreamFrame;
}

/** How a stream ended. Server-sent events have no close code. */
export interface StreamEnd {
  code: number | undefined;
}

/** Lets callers wait for conditions. `notify` must be called after every change. */
class Condition {
  private readonly checks = new Set<() => void>();

  /** Checks every condition that a caller waits for. */
  notify(): void {
    for (const check of this.checks) check();
  }

  /**
   * Resolves to the first value other than undefined that `find` returns; rejects after `PATIENCE_MS`.
   *
   * @param what the caller waits for, for the error message
   */
  until<T>(what: string, find: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void) => {
        clearTimeout(timer);
        this.checks.delete(check);
        outcome();
      };
      const fail = (error: Error) => settle(() => reject(error));
      const check = () => {
        try {
          const found = find();
          if (found !== undefined) settle(() => resolve(found));
        } catch (error) {
          fail(error as Error);
        }
      };
      const timer = setTimeout(() => fail(new Error(`${what} did not arrive`)), PATIENCE_MS);
      this.checks.add(check);
      check();
    });
  }
}

/** Follows one conversation and stores the frames it receives. */
export abstract class StreamReader {
  /** Every frame except pings. */
  readonly frames: StreamFrame[] = [];
  /** Number of pings so far. */
  pings = 0;
  end: StreamEnd | undefined;
  protected readonly received = new Condition();

  /** The frames of events and compactions. */
  changes(): StreamFrame[] {
    return this.frames.filter(({ type }) => type === 'event' || type === 'compaction');
  }

  /** The versions of the events and compactions, in the order of their frames. */
  changeVersions(): number[] {
    return this.changes().map(({ version }) => version);
  }

  /** Resolves to the first frame that matches, received or still to come. @param from first index in `frames` */
  frame(matches: (frame: StreamFrame) => boolean, from = 0): Promise<StreamFrame> {
    let next = from;
    return this.received.until('the frame', () => {
      for (; next < this.frames.length; next += 1) if (matches(this.frames[next]!)) return this.frames[next];
      if (this.end)
        throw new Error(`the stream ended with ${this.end.code} after ${this.frames.length} frames`);
      return undefined;
    });
  }

  /** Resolves to the first window frame of this version or a later one. */
  windowOf(version: number): Promise<StreamFrame> {
    return this.frame((frame) => frame.type === 'window' && frame.version >= version);
  }

  /** Resolves when `count` more pings have arrived. */
  async morePings(count: number): Promise<void> {
    const enough = this.pings + count;
    await this.received.until('the ping', () => {
      if (this.end) throw new Error(`the stream ended with ${this.end.code} after ${this.pings} pings`);
      return this.pings >= enough ? true : undefined;
    });
  }

  /** Resolves when the stream has ended. */
  ended(): Promise<StreamEnd> {
    return this.received.until('the end', () => this.end);
  }

  /** Stops reading from the network, like a client that hangs. */
  abstract pause(): void;
  abstract resume(): void;
  /** Disconnects; resolves when the connection is closed. */
  abstract close(): Promise<void>;

  protected constructor(private readonly keep: (frame: StreamFrame) => StreamFrame = (frame) => frame) {}

  protected receive(frame: StreamFrame): void {
    if (frame.type === 'ping') this.pings += 1;
    else this.frames.push(this.keep(frame));
    this.received.notify();
  }

  protected finish(code: number | undefined): void {
    this.end ??= { code };
    this.received.notify();
  }
}

/** A reader on a websocket. */
export class WebSocketReader extends StreamReader {
  private constructor(
    readonly socket: WebSocket,
    { keep }: ReaderOptions,
  ) {
    super(keep);
    socket.on('message', (data: Buffer) => this.receive(JSON.parse(data.toString()) as StreamFrame));
    socket.on('error', () => undefined); // `close` follows
    socket.on('close', (code) => this.finish(code));
  }

  /** @throws Error the upgrade is rejected */
  static async open(url: string, path: string, options: ReaderOptions = {}): Promise<WebSocketReader> {
    const { query = '', headers, autoPong = true } = options;
    const address = `${url.replace('http', 'ws')}${path}/stream${query}`;
    const socket = new WebSocket(address, { headers, autoPong });
    const reader = new WebSocketReader(socket, options);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return reader;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  async close(): Promise<void> {
    this.socket.resume();
    this.socket.close();
    await this.ended();
  }
}

/** A reader of server-sent events. */
export class SseReader extends StreamReader {
  /** The `id` of each frame. */
  readonly ids: string[] = [];
  /** The chunks of the block that is still incomplete. */
  private chunks: string[] = [];

  private constructor(
    readonly response: IncomingMessage,
    { keep }: ReaderOptions,
  ) {
    super(keep);
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.receiveChunk(chunk));
    response.on('error', () => undefined);
    response.on('close', () => this.finish(undefined));
  }

  static async open(url: string, path: string, options: ReaderOptions = {}): Promise<SseReader> {
    const { query = '', headers = {} } = options;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(`${url}${path}/stream${query}`, {
        headers: { accept: 'text/event-stream', ...headers },
        agent: false,
      })
        .once('response', resolve)
        .on('error', reject)
        .end();
    });
    if (response.statusCode !== 200) {
      response.resume();
      throw new Error(`rejected with ${response.statusCode}`);
    }
    return new SseReader(response, options);
  }

  pause(): void {
    this.response.pause();
  }

  resume(): void {
    this.response.resume();
  }

  async close(): Promise<void> {
    this.response.destroy();
    await this.ended();
  }

  private receiveChunk(chunk: string): void {
    // A block ends with two line feeds, which may be in two chunks.
    const before = this.chunks.at(-1)?.at(-1) ?? '';
    if (!(before + chunk).includes('\n\n')) {
      this.chunks.push(chunk);
      return;
    }
    const blocks = (this.chunks.join('') + chunk).split('\n\n');
    const rest = blocks.pop() ?? '';
    this.chunks = rest ? [rest] : [];
    for (const block of blocks) this.receiveBlock(block);
  }

  private receiveBlock(block: string): void {
    if (block.startsWith(':')) {
      this.receive({ type: 'ping', version: 0 });
      return;
    }
    const [, id, data] = /^id: (.*)\ndata: (.*)$/.exec(block) ?? [];
    if (id === undefined || data === undefined) throw new Error(`not an event: ${block.slice(0, 200)}`);
    this.ids.push(id);
    this.receive(JSON.parse(data) as StreamFrame);
  }
}

/** Opens readers on the conversations of a service. `closeAll` closes all of them. */
export class Readers {
  private readonly open = new Set<StreamReader>();

  constructor(private readonly service: () => { url: string; http: HttpClient }) {}

  ws(id: string, query = '', options: ReaderOptions = {}): Promise<WebSocketReader> {
    const { url, http } = this.service();
    return this.keep(WebSocketReader.open(url, http.path(id), { query, ...options }));
  }

  sse(id: string, query = '', options: ReaderOptions = {}): Promise<SseReader> {
    const { url, http } = this.service();
    return this.keep(SseReader.open(url, http.path(id), { query, ...options }));
  }

  async closeAll(): Promise<void> {
    await Promise.all(Array.from(this.open, (reader) => reader.close()));
    this.open.clear();
  }

  private async keep<Reader extends StreamReader>(opening: Promise<Reader>): Promise<Reader> {
    const reader = await opening;
    this.open.add(reader);
    return reader;
  }
}

/** The integers from `first` to `last`. */
export function integers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
