import { wellFormed } from '../well-formed.js';

/** The value of arguments that are JSON text; other values and other texts unchanged. No arguments are an empty object. */
export function readInput(input: unknown): unknown {
  if (input === undefined || input === null || input === '') return {};
  if (typeof input !== 'string') return input;
  try {
    // A lone surrogate may be hidden in an escape of the text.
    return wellFormed(JSON.parse(input));
  } catch {
    return input;
  }
}
