import { Header } from '@nestjs/common';

/** For a handler that answers with JSON it has already written as text. */
export function JsonTextResponse(): MethodDecorator {
  return Header('content-type', 'application/json; charset=utf-8');
}
