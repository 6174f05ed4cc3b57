import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { idFault } from '../common/conversation-id.js';
import type { ErrorDetail } from '../common/errors/app-error.js';
import { RawJson } from '../common/http/body/raw-json.js';
import { refuse } from '../common/http/validation/reject-request.js';

/** The header `Idempotency-Key`. Refused: one that can be no key, or is another than that of the body. */
export const IdempotencyKeyHeader = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { headers, body } = context.switchToHttp().getRequest<FastifyRequest>();
  const key = headers['idempotency-key'] as string | undefined; // Node.js joins repeated headers
  if (key === undefined) return undefined;
  const faults = keyFaults(key, body instanceof RawJson ? body.value : undefined);
  return faults.length ? refuse(faults) : key;
});

function keyFaults(key: string, body: unknown): ErrorDetail[] {
  const fault = idFault(key);
  if (fault) return [{ path: 'Idempotency-Key', message: fault }];
  const { idempotency_key: inBody } = (body ?? {}) as { idempotency_key?: unknown };
  if (typeof inBody !== 'string' || inBody === key) return [];
  return [{ path: 'idempotency_key', message: 'differs from the header Idempotency-Key' }];
}
