import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { WebSocketServer } from 'ws';
import { WebSocketUpgradeHandler } from './websocket-upgrade.handler.js';

/**
 * Nest's adapter for `ws`, but for the upgrade: Nest compares a gateway's path literally, so that one with `:id` is never
 * met, and it closes what it does not know without a word.
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
    const listener = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      socket.on('error', () => undefined); // a client that leaves while it is being answered
      void this.upgrades.admit(request, socket).then((admitted) => {
        const [server] = (this.wsServersRegistry.get(port) ?? []) as WebSocketServer[];
        if (!admitted || !server) return;
        server.handleUpgrade(request, socket, head, (client) => {
          client.on('error', () => undefined); // the close that follows tells of it
          server.emit('connection', client, request);
        });
      });
    };
    httpServer.on('upgrade', listener);
    return httpServer;
  }
}
