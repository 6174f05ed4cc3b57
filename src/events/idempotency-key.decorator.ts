import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { idViolation } from '../common/conversation-id.js';
import type { Violation } from '../common/errors/app-error.js';
import { RawJson } from '../common/http/body/raw-json.js';
import { rejectRequest } from '../common/http/validation/reject-request.js';

/** The header `Idempotency-Key`. Rejects a malformed key, and one that differs from the key in the body. */
export const IdempotencyKeyHeader = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { headers, body } = context.switchToHttp().getRequest<FastifyRequest>();
  const key = headers['idempotency-key'] as string | undefined; // a string: Node.js joins repeated headers
  if (key === undefined) return undefined;
  const violations = keyViolations(key, body instanceof RawJson ? body.value : undefined);
  return violations.length ? rejectRequest(violations) : key;
});

function keyViolations(key: string, body: unknown): Violation[] {
  const violation = idViolation(key);
  if (violation) return [{ path: 'Idempotency-Key', message: violation }];
  const { idempotency_key: inBody } = (body ?? {}) as { idempotency_key?: unknown };
  if (typeof inBody !== 'string' || inBody === key) return [];
  return [{ path: 'idempotency_key', message: 'differs from the header Idempotency-Key' }];
}
