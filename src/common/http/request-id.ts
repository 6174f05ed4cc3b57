import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A caller's own request id, if it is short and cannot break a log line or a header. */
const SANE_REQUEST_ID = /^[\w.:@+/=-]{1,128}$/;

/** The caller's `x-request-id` if it is sane, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const id = headers['x-request-id'];
  return typeof id === 'string' && SANE_REQUEST_ID.test(id) ? id : randomUUID();
}
