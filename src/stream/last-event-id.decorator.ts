import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { rejectRequest } from '../common/http/validation/reject-request.js';

/** The header `Last-Event-ID`: the last version that a reconnecting reader of server-sent events received. */
export const LastEventId = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
  const id = headers['last-event-id'] as string | undefined;
  if (id === undefined) return undefined;
  if (/^\d+$/.test(id) && Number.isSafeInteger(Number(id))) return Number(id);
  return rejectRequest([{ path: 'Last-Event-ID', message: 'must be the id of an event of this stream' }]);
});
