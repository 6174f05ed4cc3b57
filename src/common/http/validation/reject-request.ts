import { setImmediate as turn } from 'node:timers/promises';
import type { Violation } from '../../errors/app-error.js';
import { InvalidPayloadError } from '../../errors/common.errors.js';
import { addViolations } from '../../errors/violations.js';
import { requestFields } from '../../logging/request-context.js';

/** What the parts of a request under way are refused for, by what is kept for its log line. */
const violationsOf = new WeakMap<object, Violation[]>();

/**
 * Refuses a request for the violations of one of its parts, and for those of its others. Nest reads path, query, headers and body of a
 * request side by side, and the first error is the answer: so it comes only when all of them have been read.
 *
 * @throws InvalidPayloadError (400)
 */
export async function rejectRequest(violations: readonly Violation[]): Promise<never> {
  const request = requestFields() ?? {};
  const all = violationsOf.get(request) ?? [];
  violationsOf.set(request, all);
  addViolations(all, violations);
  await turn();
  throw new InvalidPayloadError(all);
}
