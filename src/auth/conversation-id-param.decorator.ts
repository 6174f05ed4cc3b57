import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ConversationId, idViolation } from '../common/conversation-id.js';
import { rejectRequest } from '../common/http/validation/reject-request.js';
import { addRequestFields } from '../common/logging/request-context.js';
import type { Principal } from './principal.js';

/** The conversation that the path parameter `id` names, in the namespace of the caller's key. */
export const ConversationIdParam = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<FastifyRequest<{ Params: { id: string } }>>();
  if (!request.principal) throw new Error('a route of a conversation must declare its scope');
  return toConversationId(request.params.id, request.principal);
});

/**
 * The conversation that `id` names, in the namespace of the caller's key. Also adds the id to the log line of the request.
 *
 * @param id the path segment, percent-decoded
 * @throws InvalidPayloadError (400) see `rejectRequest`
 */
export function toConversationId(id: string, { namespace }: Principal): ConversationId | Promise<never> {
  const violation = idViolation(id);
  if (violation) return rejectRequest([{ path: 'id', message: violation }]);
  addRequestFields({ conversation_id: id });
  return new ConversationId(namespace, id);
}
