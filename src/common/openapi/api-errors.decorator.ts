import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ErrorDto } from './error.dto.js';

const DESCRIPTIONS = {
  400: 'The request breaks the schema or makes no sense; `details` lists up to 100 violations',
  401: 'No API key, or a wrong one',
  403: 'The API key lacks the scope of this route; or, without an API key, the request comes from a web page or under a host name that is not allowed',
  404: 'No such conversation',
  409: 'Refused in the state the conversation is in; `reason` says why',
  413: 'The body has too many bytes, JSON values or members of objects',
  415: 'The body is not JSON',
  426: 'Neither a websocket nor `Accept: text/event-stream`',
  429: 'Too many requests',
  500: 'A fault of the service',
  503: 'The database is away, the pool exhausted, too many bytes are being uploaded, or the service is stopping; nothing is lost by a retry',
} as const;

const HEADERS: Partial<Record<number, Record<string, { description: string; schema: { type: 'string' } }>>> =
  {
    401: { 'WWW-Authenticate': { description: 'The scheme to use: `Bearer`', schema: { type: 'string' } } },
    426: { Upgrade: { description: 'The protocol to use: `websocket`', schema: { type: 'string' } } },
    429: { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'string' } } },
    503: { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'string' } } },
  };

/** Documents the errors a route may answer, all in the one shape. */
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
