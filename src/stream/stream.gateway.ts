import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketGateway, type OnGatewayConnection, type OnGatewayInit } from '@nestjs/websockets';
import type { WebSocket, WebSocketServer } from 'ws';
import { Connections } from './connections.js';
import { STREAM_PATH, WebSocketUpgradeHandler } from './websocket-upgrade.handler.js';
import { CLOSE_TIMEOUT_MS } from './subscription.js';
import { WebSocketTransport } from './websocket.transport.js';

/** Clients have nothing to say but "pong", in bytes. */
const MAX_CLIENT_FRAME_BYTES = 1024;

/** `ws://HOST/v1/conversations/:id/stream`. What is refused has been refused before, by `WebSocketUpgradeHandler`, as plain HTTP. */
@WebSocketGateway({
  path: STREAM_PATH,
  maxPayload: MAX_CLIENT_FRAME_BYTES,
  perMessageDeflate: false,
  autoPong: false,
  closeTimeout: CLOSE_TIMEOUT_MS,
})
export class StreamGateway implements OnGatewayInit, OnGatewayConnection {
  constructor(
    private readonly connections: Connections,
    private readonly upgrades: WebSocketUpgradeHandler,
  ) {}

  afterInit(server: WebSocketServer): void {
    server.on('headers', (headers: string[], request: IncomingMessage) =>
      headers.push(`x-request-id: ${this.upgrades.admittedUpgrade(request).requestId}`),
    );
    server.on('wsClientError', (fault: Error, socket: Duplex, request: IncomingMessage) =>
      this.upgrades.rejectHandshake(fault, request, socket),
    );
  }

  handleConnection(socket: WebSocket, request: IncomingMessage): void {
    const outlet = new WebSocketTransport(socket);
    const connection = this.connections.connect(this.upgrades.admittedUpgrade(request).stream, outlet);
    socket.on('message', connection.seen);
    socket.on('pong', connection.seen);
    socket.on('ping', (data) => {
      connection.seen();
      outlet.pong(data);
    });
    socket.on('close', connection.ended);
  }
}
