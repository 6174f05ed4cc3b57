import type { WebSocket } from 'ws';
import type { Frame } from './frames.js';
import type { Outlet } from './subscription.js';

/** A reader on a websocket. A ping goes out as a frame of ours and as one of the protocol's, which libraries answer. */
export class WebSocketOutlet implements Outlet {
  constructor(private readonly socket: WebSocket) {}

  send({ type, bytes }: Frame): void {
    this.socket.send(bytes, { binary: false });
    if (type === 'ping') this.socket.ping();
  }

  bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }
}
