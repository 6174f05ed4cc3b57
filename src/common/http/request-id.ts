import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Short, and safe in a header and in a log line. */
const VALID_REQUEST_ID = /^[\w.:@+/=-]{1,128}$/;

/** The caller's `x-request-id` if it is valid, otherwise a new id. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const id = headers['x-request-id'];
  return typeof id === 'string' && VALID_REQUEST_ID.test(id) ? id : randomUUID();
}
