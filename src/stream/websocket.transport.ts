import type { WebSocket } from 'ws';
import type { Frame } from './frames.js';
import type { StreamTransport } from './stream-transport.js';

/** A reader on a websocket. */
export class WebSocketTransport implements StreamTransport {
  private unansweredPing?: Buffer;
  private isSendingPong = false;

  constructor(private readonly socket: WebSocket) {}

  /** A `ping` frame is followed by a ping of the protocol, which websocket libraries answer on their own. */
  send({ type, bytes }: Frame): void {
    this.socket.send(bytes, { binary: false });
    if (type === 'ping') this.socket.ping();
  }

  /**
   * Answers a ping of the protocol. While a pong is being sent, only the last ping that arrives is answered (RFC 6455,
   * 5.5.3): a reader that sends pings and receives nothing must not fill the memory.
   */
  pong(ping: Buffer): void {
    this.unansweredPing = ping;
    if (!this.isSendingPong) this.sendPong();
  }

  bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  private sendPong(): void {
    const ping = this.unansweredPing;
    this.unansweredPing = undefined;
    this.isSendingPong = ping !== undefined;
    if (ping) this.socket.pong(ping, false, () => this.sendPong());
  }
}
