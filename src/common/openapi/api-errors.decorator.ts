import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ErrorDto } from './error.dto.js';

const DESCRIPTIONS = {
  400: 'The request violates the schema or other rules; `details` lists up to 100 violations',
  401: 'The API key is missing or unknown',
  403: 'The API key lacks the scope of this route; or, without an API key, the request comes from a web page or under a host name that is not allowed',
  404: 'No such conversation',
  409: 'The state of the conversation does not allow it; `reason` says why',
  410: 'The conversation was erased',
  413: 'The body has too many bytes, JSON values or object members',
  415: 'The body is not JSON',
  426: 'Neither a websocket nor `Accept: text/event-stream`',
  429: 'Too many requests',
  500: 'An error of the service; the log has the details under the request id',
  503: 'Temporarily unavailable: no database, pool exhausted, too many bytes being uploaded, or the service is stopping. A retry is safe.',
} as const;

const HEADERS: Partial<Record<number, Record<string, { description: string; schema: { type: 'string' } }>>> =
  {
    401: { 'WWW-Authenticate': { description: 'The scheme to use: `Bearer`', schema: { type: 'string' } } },
    426: { Upgrade: { description: 'The protocol to use: `websocket`', schema: { type: 'string' } } },
    429: { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'string' } } },
    503: { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'string' } } },
  };

/** Documents the error responses of a route; all have the same shape. */
export function ApiErrors(...statuses: (keyof typeof DESCRIPTIONS)[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ApiExtraModels(ErrorDto),
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: DESCRIPTIONS[status],
        headers: HEADERS[status],
        content: { 'application/json': { schema: { $ref: getSchemaPath(ErrorDto) } } },
      }),
    ),
  );
}
