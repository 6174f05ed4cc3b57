import type { FastifyInstance, FastifyRequest } from 'fastify';
import { InvalidPayloadError, UnsupportedMediaTypeError } from '../errors/common.errors.js';
import { InvalidJsonError, parseJson } from '../json/parse-json.js';
import { RawJson } from './raw-json.js';

/** `application/json` and the `+json` types, with or without parameters. */
const JSON_TYPE = /^application\/([\w.-]+\+)?json(\s*;|$)/i;

/** Makes JSON the only body the service takes; it reaches the handlers as `RawJson`. */
export function useJsonBodyParser(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, decode(request, body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** Undefined for an empty body: many clients name a content type on a DELETE too. */
function decode(request: FastifyRequest, body: Buffer): RawJson | undefined {
  if (body.length === 0) return undefined;
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw new UnsupportedMediaTypeError();
  try {
    const { value, text } = parseJson(body);
    return new RawJson(value, text);
  } catch (error) {
    if (error instanceof InvalidJsonError) {
      throw new InvalidPayloadError(
        [{ path: '', message: error.message }],
        `The body is not JSON: ${error.message}`,
      );
    }
    throw error;
  }
}
