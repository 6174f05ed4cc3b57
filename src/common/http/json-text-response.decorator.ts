import { Header } from '@nestjs/common';

/** Sets the content type for a handler that returns JSON text: Fastify sends other strings as plain text. */
export function JsonTextResponse(): MethodDecorator {
  return Header('content-type', 'application/json; charset=utf-8');
}
