import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { BuiltService } from './built-service.js';

/** Environment of a service whose memory `liveBytes` can read. */
export const INSPECTED = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/**
 * The memory of a service that is still in use after a full garbage collection, in bytes. Unlike the size of the process,
 * it does not depend on the time of the last garbage collection.
 */
export async function liveBytes({ errors }: BuiltService): Promise<number> {
  const [address] = /ws:\/\/\S+/.exec(errors) ?? [];
  if (!address) throw new Error('start the service with INSPECTED');
  const socket = new WebSocket(address);
  await once(socket, 'open');
  try {
    await call(socket, 1, 'HeapProfiler.collectGarbage');
    const expression = 'process.memoryUsage().heapUsed + process.memoryUsage().external';
    const { result } = await call(socket, 2, 'Runtime.evaluate', { expression });
    return result.value as number;
  } finally {
    socket.close();
  }
}

/** Calls a method of the inspector: https://chromedevtools.github.io/devtools-protocol/v8/ */
async function call(socket: WebSocket, id: number, method: string, params: object = {}): Promise<any> {
  const received = once(socket, 'message');
  socket.send(JSON.stringify({ id, method, params }));
  const [data] = (await received) as [Buffer];
  const response = JSON.parse(data.toString()) as { id: number; result: unknown };
  if (response.id !== id) throw new Error(`unexpected response to ${method}: ${data.toString()}`);
  return response.result;
}
