import { applyDecorators, type Type } from '@nestjs/common';
import { ApiHeader, ApiNotModifiedResponse, ApiOkResponse } from '@nestjs/swagger';

/**
 * Documents a route that answers with an entity tag, and with 304 to one who has it.
 *
 * @param name what the route answers, as one calls it
 * @param follows from what its tag is made
 */
export function ApiEntityTag(type: Type, name: string, follows: string): MethodDecorator {
  const headers = { ETag: { description: follows, schema: { type: 'string' as const } } };
  return applyDecorators(
    ApiOkResponse({ type, headers }),
    ApiHeader({
      name: 'if-none-match',
      required: false,
      description: 'An `ETag` of before: 304 while it still holds',
    }),
    ApiNotModifiedResponse({ description: `The ${name} is the one whose \`ETag\` was sent`, headers }),
  );
}
