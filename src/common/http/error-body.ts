import type { AppError } from '../errors/app-error.js';

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
  return { error: error.error, message, reason, expected, actual, details, request_id: requestId };
}

export function errorHeaders(error: AppError | undefined): Record<string, string> {
  return {
    ...(error?.retryAfterSeconds !== undefined && { 'retry-after': String(error.retryAfterSeconds) }),
    // Required of a 426; `Upgrade` belongs to this connection: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.22
    ...(error?.status === 426 && { upgrade: 'websocket', connection: 'Upgrade' }),
    ...(error?.status === 401 && { 'www-authenticate': 'Bearer' }),
  };
}
