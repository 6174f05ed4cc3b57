import type { AppError, Violation } from '../errors/app-error.js';
import { MAX_LISTED } from '../errors/violations.js';

/** Longest path and message of an answer, in UTF-16 units. One takes up to six bytes as JSON. */
const MAX_PATH_CHARS = 200;
const MAX_MESSAGE_CHARS = 1000;
/** Bytes of JSON that the listed violations may take, so that no error answer is larger than 64 KiB. */
const MAX_DETAILS_BYTES = 48 * 1024;

/** The one shape of an error answer. Undefined, what nobody expected, says nothing about the inside. */
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

/** The first violations, as many as an answer lists; if there are more, the last entry says how many at least. */
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

/** The start of a text that is too long, never with half of a surrogate pair. */
function cut(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1).toWellFormed()}…`;
}

export function errorHeaders(error: AppError | undefined): Record<string, string> {
  return {
    ...(error?.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
    // Required of a 426; `Upgrade` belongs to this connection: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.22
    ...(error?.status === 426 && { upgrade: 'websocket', connection: 'Upgrade' }),
    ...(error?.status === 401 && { 'www-authenticate': 'Bearer' }),
  };
}
