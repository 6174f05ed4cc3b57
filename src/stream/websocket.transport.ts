import type { WebSocket } from 'ws';
import type { Frame } from './frames.js';
import type { StreamTransport } from './subscription.js';

/** A reader on a websocket. A ping goes out as a frame of ours and as one of the protocol's, which libraries answer. */
export class WebSocketTransport implements StreamTransport {
  private lastPing?: Buffer;
  private ponging = false;

  constructor(private readonly socket: WebSocket) {}

  send({ type, bytes }: Frame): void {
    this.socket.send(bytes, { binary: false });
    if (type === 'ping') this.socket.ping();
  }

  /**
   * Answers a ping of the protocol. Of those that come while an answer waits to be taken only the last is answered
   * (RFC 6455, 5.5.3): a reader that asks and asks and takes nothing must not fill the memory.
   */
  pong(ping: Buffer): void {
    this.lastPing = ping;
    if (!this.ponging) this.sendPong();
  }

  bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  private sendPong(): void {
    const ping = this.lastPing;
    this.lastPing = undefined;
    this.ponging = ping !== undefined;
    if (ping) this.socket.pong(ping, false, () => this.sendPong());
  }
}
