import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { BuiltService } from './built-service.js';

/** What a service needs in its environment so that its memory can be read. */
export const INSPECTED = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/**
 * The memory that a service holds on to, in bytes: after a full collection, so that it does not depend on when V8 found
 * the time for one, as the size of the process does.
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
  const answered = once(socket, 'message');
  socket.send(JSON.stringify({ id, method, params }));
  const [data] = (await answered) as [Buffer];
  const answer = JSON.parse(data.toString()) as { id: number; result: unknown };
  if (answer.id !== id) throw new Error(`${method} was not answered: ${data.toString()}`);
  return answer.result;
}
