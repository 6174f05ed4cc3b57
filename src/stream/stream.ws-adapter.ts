import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { WebSocketServer } from 'ws';
import { STREAM_PATH, WebSocketUpgradeHandler } from './websocket-upgrade.handler.js';

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Nest's adapter for `ws`, which also serves the stream of a conversation. Nest's own `upgrade` listener compares the path
 * of a gateway literally, so that it never matches a path with `:id`, and closes sockets it does not know without a
 * response.
 */
export class StreamWsAdapter extends WsAdapter {
  private readonly upgrades: WebSocketUpgradeHandler;

  constructor(app: INestApplication) {
    super(app);
    this.upgrades = app.get(WebSocketUpgradeHandler);
  }

  protected override ensureHttpServerExists(port: number, httpServer?: Server): Server | undefined {
    const server = super.ensureHttpServerExists(port, httpServer);
    if (!server) return undefined; // it has been prepared before
    const nestListener = server.listeners('upgrade').at(-1) as UpgradeListener;
    const listener: UpgradeListener = (request, socket, head) => {
      const isForOtherGateway = this.servers(port).length > 1 && !this.upgrades.isStream(request);
      if (isForOtherGateway) nestListener(request, socket, head);
      else this.openStream(port, request, socket, head);
    };
    server.off('upgrade', nestListener).on('upgrade', listener);
    return server;
  }

  /** Answers an ordinary error response if the stream is not admitted, and 404 if the path is unknown. */
  private openStream(port: number, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined); // the client may disconnect before it has received the response
    void this.upgrades.admit(request, socket).then((isAdmitted) => {
      const server = this.servers(port).find(({ path }) => path === STREAM_PATH);
      if (!isAdmitted || !server) return;
      server.handleUpgrade(request, socket, head, (client) => {
        client.on('error', () => undefined); // `close` follows and is handled
        server.emit('connection', client, request);
      });
    });
  }

  private servers(port: number): (WebSocketServer & { path: string })[] {
    return (this.wsServersRegistry.get(port) ?? []) as (WebSocketServer & { path: string })[];
  }
}
