import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';

import type { HookTarget } from '../hook-target.js';
import { freeBytes } from './body-reader.js';
import { scheduleNextRead } from './read-scheduler.js';

/** Longest time a client may keep sending the body of a request that has been answered, in milliseconds. */
const MAX_DISCARD_MS = 30_000;

/** Connections whose response has been sent while the rest of the request's body is being discarded. */
const discarding = new WeakSet<Socket>();

/** Whether the request that is arriving on this connection has been answered: no other response may be sent for it. */
export function hasEarlyResponse(socket: Socket): boolean {
  return discarding.has(socket);
}

/**
 * Makes sure that a client receives an error that is sent before its request's body has been read. Node.js would
 * close the connection with unread data, which resets it, and a client that is still writing would lose the response.
 * Instead the response is sent at once but ends only when the rest of the body has been read and discarded. A client
 * that does not stop sending is disconnected.
 */
export function deliverEarlyErrors(target: HookTarget): void {
  target.addHook('onSend', ({ raw }, reply, payload, done) => {
    if (reply.statusCode < 400 || typeof payload !== 'string' || !hasUnreadBody(raw)) {
      done(null, payload);
      return;
    }
    reply.header('content-length', Buffer.byteLength(payload));
    const response = new PassThrough();
    response.write(payload);
    discardRest(raw, () => response.end());
    done(null, response);
  });
}

function hasUnreadBody({ complete, destroyed, headers }: IncomingMessage): boolean {
  if (complete || destroyed) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function discardRest(request: IncomingMessage, onEnd: () => void): void {
  const timer = setTimeout(() => request.destroy(), MAX_DISCARD_MS).unref();
  const { socket } = request;
  discarding.add(socket);
  const end = () => {
    clearTimeout(timer);
    discarding.delete(socket);
    onEnd();
  };
  request.once('end', end).once('close', end);
  request.on('data', (chunk: Buffer) => {
    freeBytes(chunk);
    scheduleNextRead(request, { discard: true });
  });
}
