import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { WebSocketServer } from 'ws';
import { WebSocketUpgradeHandler } from './websocket-upgrade.handler.js';

/**
 * Nest's adapter for `ws` with another `upgrade` listener. Nest's own compares the path of a gateway literally, so that it
 * never matches a path with `:id`, and closes sockets it does not know without a response.
 */
export class StreamWsAdapter extends WsAdapter {
  private readonly upgrades: WebSocketUpgradeHandler;

  constructor(app: INestApplication) {
    super(app);
    this.upgrades = app.get(WebSocketUpgradeHandler);
  }

  protected override ensureHttpServerExists(port: number, httpServer: Server): Server {
    if (this.httpServersRegistry.has(port)) return httpServer;
    this.httpServersRegistry.set(port, httpServer);
    httpServer.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => undefined); // the client may disconnect before it has received the response
      void this.upgrades.admit(request, socket).then((isAdmitted) => {
        const [server] = (this.wsServersRegistry.get(port) ?? []) as WebSocketServer[];
        if (!isAdmitted || !server) return;
        server.handleUpgrade(request, socket, head, (client) => {
          client.on('error', () => undefined); // `close` follows and is handled
          server.emit('connection', client, request);
        });
      });
    });
    return httpServer;
  }
}
