import { setImmediate as turn } from 'node:timers/promises';
import type { ErrorDetail } from '../../errors/app-error.js';
import { InvalidPayloadError } from '../../errors/common.errors.js';
import { addViolations } from '../../errors/violations.js';
import { requestFields } from '../../logging/request-context.js';

/** What the parts of a request under way are refused for, by what is kept for its log line. */
const faultsOf = new WeakMap<object, ErrorDetail[]>();

/**
 * Refuses a request for the faults of one of its parts, and for those of its others. Nest reads path, query, headers and body of a
 * request side by side, and the first error is the answer: so it comes only when all of them have been read.
 *
 * @throws InvalidPayloadError (400)
 */
export async function refuse(faults: readonly ErrorDetail[]): Promise<never> {
  const request = requestFields() ?? {};
  const all = faultsOf.get(request) ?? [];
  faultsOf.set(request, all);
  addViolations(all, faults);
  await turn();
  throw new InvalidPayloadError(all);
}
