import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { idViolation } from '../common/conversation-id.js';
import { rejectRequest } from '../common/http/validation/reject-request.js';

/** The model that the path parameter `model` names. */
export const ModelParam = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { params } = context.switchToHttp().getRequest<FastifyRequest<{ Params: { model: string } }>>();
  const message = idViolation(params.model);
  return message ? rejectRequest([{ path: 'model', message }]) : params.model;
});
