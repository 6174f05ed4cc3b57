import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Violation } from '../../errors/app-error.js';
import { InvalidPayloadError } from '../../errors/common.errors.js';
import { addViolations } from '../../errors/violations.js';
import { requestFields } from '../../logging/request-context.js';

/** The violations collected for a request. The key is its log context: Nest gives a pipe no access to the request. */
const collectedViolations = new WeakMap<object, Violation[]>();

/**
 * Rejects the current request with the violations of one of its parts (path, query, headers or body) and of the others.
 *
 * Nest validates the parts of a request concurrently and responds with the first error. Each invalid part therefore adds
 * its violations to one list and waits for the next turn of the event loop before it throws: by then the other parts
 * have added theirs. Only a large body, which is validated over several turns, may be too late.
 *
 * @throws InvalidPayloadError (400)
 */
export async function rejectRequest(violations: readonly Violation[]): Promise<never> {
  const request = requestFields() ?? {};
  const collected = collectedViolations.get(request) ?? [];
  collectedViolations.set(request, collected);
  addViolations(collected, violations);
  await nextTurn();
  throw new InvalidPayloadError(collected);
}
