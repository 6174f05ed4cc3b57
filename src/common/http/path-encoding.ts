import { InvalidPayloadError } from '../errors/common.errors.js';

/** The error for a path that is not valid percent-encoding, whether Fastify or we decode it. */
export function invalidPathEncoding(): InvalidPayloadError {
  return new InvalidPayloadError([{ path: '', message: 'The path is not valid percent-encoding' }]);
}

/** Decodes one segment of a path. @throws InvalidPayloadError (400) */
export function decodePathSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalidPathEncoding();
  }
}
