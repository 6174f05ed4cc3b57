import type { Worker } from 'node:cluster';

/** What `node:cluster` sends to hand over a connection, and the reply of the worker. */
interface HandOver {
  act?: string;
  accepted?: boolean;
}

interface Handle {
  close: () => void;
}

/**
 * Closes the connection that a worker has not accepted yet when it ends. Node.js forgets this connection: its client would
 * wait forever (nodejs/node-v0.x-archive#7006; with Node.js 24, one connection for every kill under load). There is at most one, because
 * `node:cluster` hands over the next connection after the reply. It has no API for this: if a later Node.js uses other
 * messages, this function does nothing.
 */
export function closeLostConnections({ process: child }: Worker): void {
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  let handedOver: Handle | undefined;
  child.send = (message: unknown, ...rest: unknown[]): boolean => {
    if ((message as HandOver).act === 'newconn') [handedOver] = rest as [Handle];
    return send(message, ...rest);
  };
  child.on('internalMessage', ({ accepted }: HandOver) => {
    if (accepted !== undefined) handedOver = undefined;
  });
  child.once('exit', () => handedOver?.close());
}
