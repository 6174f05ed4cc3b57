import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AppError } from '../errors/app-error.js';
import { errorBody, errorHeaders } from './error-body.js';

/**
 * Writes an error response to a socket for which there is no `ServerResponse`, and ends it.
 *
 * @param error undefined for an unexpected error (500)
 * @param status the status, if it is not that of the error
 */
export function endWithErrorResponse(
  socket: Duplex,
  error: AppError | undefined,
  requestId: string,
  status = error?.status ?? 500,
): void {
  const body = JSON.stringify(errorBody(error, requestId));
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    'x-request-id': requestId,
    ...errorHeaders(error),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
