import type { IncomingMessage } from 'node:http';
import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { Connections } from './connections.js';
import { STREAM_PATH, Upgrades } from './upgrades.js';
import { WebSocketOutlet } from './websocket.outlet.js';

/** Clients have nothing to say but "pong", in bytes. */
const MAX_CLIENT_FRAME_BYTES = 1024;

/** `ws://HOST/v1/conversations/:id/stream`. What is refused has been refused before, by `Upgrades`, as plain HTTP. */
@WebSocketGateway({ path: STREAM_PATH, maxPayload: MAX_CLIENT_FRAME_BYTES, perMessageDeflate: false })
export class StreamGateway implements OnGatewayConnection {
  constructor(
    private readonly connections: Connections,
    private readonly upgrades: Upgrades,
  ) {}

  handleConnection(socket: WebSocket, request: IncomingMessage): void {
    const { accepted, release } = this.upgrades.take(request);
    const connection = this.connections.connect(accepted, new WebSocketOutlet(socket), release);
    socket.on('message', connection.seen);
    socket.on('pong', connection.seen);
    socket.on('ping', connection.seen);
    socket.on('close', connection.ended);
    // A frame that is too large or malformed: the library closes with the code of the protocol.
    socket.on('error', () => undefined);
  }
}
