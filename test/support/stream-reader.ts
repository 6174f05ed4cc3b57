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
  /** The query, with its question mark, if any. */
  query?: string;
  headers?: Record<string, string>;
  /** Of a websocket: `false` has it answer no ping of the protocol. */
  autoPong?: boolean;
  /** What to keep of a frame, where bodies are large; all of it unless given. */
  keep?: (frame: StreamFrame) => StreamFrame;
}

/** How a websocket ended: its close code; server-sent events have none. */
export interface StreamEnd {
  code: number | undefined;
}

/** Something that is waited for, with a limit. */
export class Waiter {
  private readonly wakes = new Set<() => void>();

  /** Something has come: whoever waits looks again. */
  wake(): void {
    for (const wake of this.wakes) wake();
  }

  /** The first thing that `look` finds, now or after a wake-up. @param what it is, for the message if it never comes */
  until<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(new Error(`${what} did not come`)), PATIENCE_MS);
      const end = (fault?: Error, found?: T) => {
        clearTimeout(timer);
        this.wakes.delete(wake);
        if (fault) reject(fault);
        else resolve(found as T);
      };
      const wake = () => {
        try {
          const found = look();
          if (found !== undefined) end(undefined, found);
        } catch (fault) {
          end(fault as Error);
        }
      };
      this.wakes.add(wake);
      wake();
    });
  }
}

/** Follows one conversation and keeps all frames it is sent. */
export abstract class StreamReader {
  /** Every frame, but for the heartbeats. */
  readonly frames: StreamFrame[] = [];
  /** Heartbeats so far. */
  pings = 0;
  end: StreamEnd | undefined;
  protected readonly waiter = new Waiter();

  /** The frames that are changes of the log: events and compactions. */
  changes(): StreamFrame[] {
    return this.frames.filter(({ type }) => type === 'event' || type === 'compaction');
  }

  /** The first frame, received or to come, that `is` accepts. @param from where in `frames` to begin */
  frame(is: (frame: StreamFrame) => boolean, from = 0): Promise<StreamFrame> {
    let next = from;
    return this.waiter.until('the frame', () => {
      for (; next < this.frames.length; next += 1) if (is(this.frames[next]!)) return this.frames[next];
      if (this.end)
        throw new Error(`the stream ended with ${this.end.code} after ${this.frames.length} frames`);
      return undefined;
    });
  }

  /** The first window of `version` or a later one. */
  windowOf(version: number): Promise<StreamFrame> {
    return this.frame((frame) => frame.type === 'window' && frame.version >= version);
  }

  /** Resolves when `count` more heartbeats have come. */
  async morePings(count: number): Promise<void> {
    const enough = this.pings + count;
    await this.waiter.until('the heartbeat', () => {
      if (this.end) throw new Error(`the stream ended with ${this.end.code} after ${this.pings} heartbeats`);
      return this.pings >= enough ? true : undefined;
    });
  }

  /** How the stream ended, as soon as it has. */
  ended(): Promise<StreamEnd> {
    return this.waiter.until('the end', () => this.end);
  }

  /** Takes nothing more from the network, as a reader that hangs. */
  abstract pause(): void;
  abstract resume(): void;
  /** Leaves, and resolves when the connection is closed. */
  abstract close(): Promise<void>;

  protected constructor(private readonly keep: (frame: StreamFrame) => StreamFrame = (frame) => frame) {}

  protected receive(frame: StreamFrame): void {
    if (frame.type === 'ping') this.pings += 1;
    else this.frames.push(this.keep(frame));
    this.waiter.wake();
  }

  protected finish(code: number | undefined): void {
    this.end ??= { code };
    this.waiter.wake();
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
    socket.on('error', () => undefined); // told by the close that follows
    socket.on('close', (code) => this.finish(code));
  }

  /** Connects. @throws Error if it is refused */
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
  /** What has come of the block that is not complete yet. */
  private pieces: string[] = [];

  private constructor(
    readonly response: IncomingMessage,
    { keep }: ReaderOptions,
  ) {
    super(keep);
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.take(chunk));
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
      throw new Error(`refused with ${response.statusCode}`);
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

  private take(chunk: string): void {
    // A block ends with an empty line; only its last character may be in an earlier chunk.
    const before = this.pieces.at(-1)?.at(-1) ?? '';
    if (!(before + chunk).includes('\n\n')) {
      this.pieces.push(chunk);
      return;
    }
    const blocks = (this.pieces.join('') + chunk).split('\n\n');
    const rest = blocks.pop() ?? '';
    this.pieces = rest ? [rest] : [];
    for (const block of blocks) this.takeBlock(block);
  }

  private takeBlock(block: string): void {
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

/** Opens readers on the conversations of a service, and closes them all. */
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
