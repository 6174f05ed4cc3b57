import type { AppError, Violation } from '../errors/app-error.js';
import { MAX_LISTED } from '../errors/violations.js';

/** Longest path and message of an error response, in UTF-16 code units. One takes up to six bytes as JSON. */
const MAX_PATH_CHARS = 200;
const MAX_MESSAGE_CHARS = 1000;
/** Most bytes of JSON for the listed violations, so that no error response is larger than 64 KiB. */
const MAX_DETAILS_BYTES = 48 * 1024;

/** The body of every error response. An unexpected error (undefined) reveals nothing about the cause. */
export function errorBody(error: AppError | undefined, requestId: string): Record<string, unknown> {
  if (!error) {
    return {
      error: 'internal_error',
      message: 'Something went wrong; the log has it under this request id',
      request_id: requestId,
    };
  }
  const { message, reason, expected, actual, details } = error;
  return {
    error: error.error,
    message: cut(message, MAX_MESSAGE_CHARS),
    reason,
    expected,
    actual,
    details: details && listed(details),
    request_id: requestId,
  };
}

/** The first violations, within the limits of a response. If there are more, a last entry says how many, or how many at least. */
function listed(details: readonly Violation[]): Violation[] {
  const list: Violation[] = [];
  let bytes = 0;
  for (const { path, message } of details.slice(0, MAX_LISTED)) {
    const entry = { path: cut(path, MAX_PATH_CHARS), message: cut(message, MAX_MESSAGE_CHARS) };
    bytes += Buffer.byteLength(JSON.stringify(entry));
    if (bytes > MAX_DETAILS_BYTES) break;
    list.push(entry);
  }
  const count = list.length;
  if (count === details.length) return list;
  const atLeast = details.length > MAX_LISTED ? 'at least ' : '';
  const message = `there are ${atLeast}${details.length} violations; the first ${count} are listed`;
  return [...list, { path: '', message }];
}

/** Shortens a text that is too long, without splitting a surrogate pair. */
function cut(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1).toWellFormed()}…`;
}

export function errorHeaders(error: AppError | undefined): Record<string, string> {
  return {
    ...(error?.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
    // A 426 must name the protocol, and `Upgrade` is a header of this connection only:
    // https://www.rfc-editor.org/rfc/rfc9110#section-15.5.22
    ...(error?.status === 426 && { upgrade: 'websocket', connection: 'Upgrade' }),
    ...(error?.status === 401 && { 'www-authenticate': 'Bearer' }),
  };
}
