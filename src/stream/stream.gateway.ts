import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketGateway, type OnGatewayConnection, type OnGatewayInit } from '@nestjs/websockets';
import type { WebSocket, WebSocketServer } from 'ws';
import { StreamConnections } from './stream-connections.js';
import { CLOSE_TIMEOUT_MS } from './stream-transport.js';
import { STREAM_PATH, WebSocketUpgradeHandler } from './websocket-upgrade.handler.js';
import { WebSocketTransport } from './websocket.transport.js';

/** Clients only send signs of life, such as `{"type":"pong"}`. In bytes. */
const MAX_CLIENT_FRAME_BYTES = 1024;

/** `ws://HOST/v1/conversations/:id/stream`. `WebSocketUpgradeHandler` has admitted every connection that arrives here. */
@WebSocketGateway({
  path: STREAM_PATH,
  maxPayload: MAX_CLIENT_FRAME_BYTES,
  perMessageDeflate: false,
  autoPong: false,
  closeTimeout: CLOSE_TIMEOUT_MS,
})
export class StreamGateway implements OnGatewayInit, OnGatewayConnection {
  constructor(
    private readonly connections: StreamConnections,
    private readonly upgrades: WebSocketUpgradeHandler,
  ) {}

  afterInit(server: WebSocketServer): void {
    server.on('headers', (headers: string[], request: IncomingMessage) =>
      headers.push(`x-request-id: ${this.upgrades.admittedUpgrade(request).requestId}`),
    );
    server.on('wsClientError', (error: Error, socket: Duplex, request: IncomingMessage) =>
      this.upgrades.rejectHandshake(error, request, socket),
    );
  }

  handleConnection(socket: WebSocket, request: IncomingMessage): void {
    const transport = new WebSocketTransport(socket);
    const connection = this.connections.connect(this.upgrades.takeStream(request), transport);
    socket.on('message', connection.markAlive);
    socket.on('pong', connection.markAlive);
    socket.on('ping', (data) => {
      connection.markAlive();
      transport.pong(data);
    });
    socket.on('close', connection.markDisconnected);
  }
}
