import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The last request that came on a connection, and its answer. */
interface Exchange {
  request: FastifyRequest;
  reply: FastifyReply;
}

/** The open connections of the HTTP server, so that a stop can end those that wait for their client. */
export class OpenConnections {
  private readonly exchanges = new Map<Socket, Exchange | undefined>();

  constructor(fastify: FastifyInstance) {
    fastify.server.on('connection', (socket: Socket) => {
      this.exchanges.set(socket, undefined);
      socket.once('close', () => this.exchanges.delete(socket));
    });
    fastify.addHook('onRequest', (request, reply, done) => {
      this.exchanges.set(request.raw.socket, { request, reply });
      done();
    });
  }

  /** Ends every connection but those whose request has arrived whole and is still being worked on. */
  endWaitingForClients(): void {
    for (const [socket, exchange] of this.exchanges) if (!isBeingHandled(exchange)) socket.destroy();
  }
}

function isBeingHandled(exchange: Exchange | undefined): boolean {
  return exchange !== undefined && exchange.request.raw.complete && !exchange.reply.raw.headersSent;
}
