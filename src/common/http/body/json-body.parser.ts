import type { FastifyInstance } from 'fastify';
import { InvalidPayloadError, UnsupportedMediaTypeError } from '../../errors/common.errors.js';
import { InvalidJsonError, parseJsonTask } from '../../json/parse-json.js';
import { runToCompletion, runCooperatively, type CooperativeTask } from '../../cooperative-task.js';
import { freeBytes, readBody } from './body-reader.js';
import { BodyTurns } from './body-turns.js';
import { RawJson } from './raw-json.js';
import { SMALL_BODY_BYTES, type UploadBudget, type UploadSlot } from './upload-budget.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the body takes of the limits of this service; undefined without a body. */
    uploadSlot?: UploadSlot;
  }
}

/** `application/json` and the `+json` types, with or without parameters. */
const JSON_TYPE = /^application\/([\w.-]+\+)?json(\s*;|$)/i;

/**
 * Makes JSON the only body the service takes; it reaches the handlers as `RawJson`. A body counts as in flight until
 * its request is answered: until then it, or what was made of it, is in memory.
 */
export function useJsonBodyParser(
  fastify: FastifyInstance,
  bodyLimitBytes: number,
  uploads: UploadBudget,
): void {
  const turns = new BodyTurns();

  fastify.decorateRequest('uploadSlot', undefined);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(JSON_TYPE, (request, payload, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      done(new UnsupportedMediaTypeError());
      return;
    }
    const slot = uploads.open();
    request.uploadSlot = slot;
    readBody(payload, bodyLimitBytes, slot, (error, body) => {
      if (error) done(error);
      else if (body.length > SMALL_BODY_BYTES) {
        const decoded = turns.take(body.length).then((endTurn) => {
          slot.whenReleased(endTurn);
          return runCooperatively(decode(body));
        });
        decoded.finally(() => freeBytes(body)).then((json) => done(null, json), done);
      } else {
        let json;
        try {
          json = runToCompletion(decode(body));
        } catch (invalid) {
          done(invalid as Error);
          return;
        }
        done(null, json);
      }
    });
  });
}

/** Undefined for an empty body: many clients name a content type on a DELETE too. */
function* decode(body: Buffer): CooperativeTask<RawJson | undefined> {
  if (body.length === 0) return undefined;
  try {
    const { value, text } = yield* parseJsonTask(body);
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
