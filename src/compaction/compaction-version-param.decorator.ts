import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { rejectRequest } from '../common/http/validation/reject-request.js';

/** The path parameter `version`: an integer from 1. */
export const CompactionVersionParam = createParamDecorator(
  (_: unknown, context: ExecutionContext): number | Promise<never> => {
    const { params } = context.switchToHttp().getRequest<FastifyRequest<{ Params: { version: string } }>>();
    const version = /^\d+$/.test(params.version) ? Number(params.version) : NaN;
    if (Number.isSafeInteger(version) && version >= 1) return version;
    const message = `must be an integer from 1 to ${Number.MAX_SAFE_INTEGER}`;
    return rejectRequest([{ path: 'version', message }]);
  },
);
