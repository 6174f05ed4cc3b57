import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ConversationId, idViolation } from '../common/conversation-id.js';
import { rejectRequest } from '../common/http/validation/reject-request.js';
import { addRequestFields } from '../common/logging/request-context.js';

/** The conversation that the path `:id` names, in the namespace of the caller's key. */
export const ConversationIdParam = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<FastifyRequest<{ Params: { id: string } }>>();
  const { id } = request.params;
  const violation = idViolation(id);
  if (violation) return rejectRequest([{ path: 'id', message: violation }]);
  addRequestFields({ conversation_id: id });
  if (!request.principal) throw new Error('a route of a conversation must declare its scope');
  return new ConversationId(request.principal.namespace, id);
});
