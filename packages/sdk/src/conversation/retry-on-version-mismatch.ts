import { ConflictError } from '../errors.js';

/** Attempts of a change that other writers overtake. */
const MAX_ATTEMPTS = 5;

/**
 * Makes a change that depends on the version it has read; again if the conversation has changed meanwhile.
 *
 * @throws ConflictError the conversation changed during every attempt
 */
export async function retryOnVersionMismatch<Result>(change: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change();
    } catch (error) {
      const isStale = error instanceof ConflictError && error.reason === 'version_mismatch';
      if (!isStale || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}
