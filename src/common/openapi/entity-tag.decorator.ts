import { applyDecorators, type Type } from '@nestjs/common';
import { ApiHeader, ApiNotModifiedResponse, ApiOkResponse } from '@nestjs/swagger';

/**
 * Documents a route whose response has an `ETag`, and which responds with 304 if `If-None-Match` has it.
 *
 * @param name what the response is called in a sentence, such as "window"
 * @param etagDescription what the tag depends on
 */
export function ApiEntityTag(type: Type, name: string, etagDescription: string): MethodDecorator {
  const headers = { ETag: { description: etagDescription, schema: { type: 'string' as const } } };
  return applyDecorators(
    ApiOkResponse({ type, headers }),
    ApiHeader({
      name: 'if-none-match',
      required: false,
      description: 'An `ETag` of an earlier response: 304 if it is still current',
    }),
    ApiNotModifiedResponse({
      description: `The ${name} has not changed since the response with this \`ETag\``,
      headers,
    }),
  );
}
