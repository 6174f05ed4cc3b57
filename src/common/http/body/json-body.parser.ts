import type { FastifyInstance, FastifyRequest, preParsingHookHandler } from 'fastify';
import { runCooperatively, type CooperativeTask } from '../../cooperative-task.js';
import { InvalidPayloadError, UnsupportedMediaTypeError } from '../../errors/common.errors.js';
import { InvalidJsonError, parseJson, parseJsonTask } from '../../json/parse-json.js';
import { Semaphore } from '../../semaphore.js';
import type { HookTarget } from '../hook-target.js';
import { freeBytes, readBody } from './body-reader.js';
import { RawJson } from './raw-json.js';
import { SMALL_BODY_BYTES, type UploadBudget, type UploadReservation } from './upload-budget.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The bytes of the body in the upload budget; undefined without a body. */
    uploadReservation?: UploadReservation;
  }
}

/**
 * The media type that a JSON body has between our hook and our parser. Fastify has one parser per media type, and the one
 * of `application/json` belongs to the application that our module is part of.
 */
const VERBATIM_JSON_TYPE = 'application/vnd.fastpaca.verbatim+json';
/** Other methods of our routes ignore a body, and the headers that describe it. */
const METHODS_WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
/** `application/json` and the `+json` types, with or without parameters. */
const JSON_TYPE = /^application\/([\w.-]+\+)?json(\s*;|$)/i;

/**
 * Bytes of large bodies that are parsed and handled at a time. A body occupies about six times its bytes while it is
 * handled.
 */
const MAX_LARGE_BODY_BYTES = 8 * 1024 * 1024;
/** Longest time that a received body waits for the semaphore, in milliseconds. */
const MAX_WAIT_MS = 3000;

/**
 * Makes JSON the only media type that the routes of Fastpaca accept; their handlers receive a `RawJson`. A body counts as
 * in flight until its response is sent, because until then the body, or what was parsed from it, is in memory. Large
 * bodies wait for a semaphore, which the smallest of them acquires first: until then, each occupies only its own bytes.
 *
 * @param target the routes whose hooks are ours; those of other controllers keep their own parser
 */
export function useJsonBodyParser(
  fastify: FastifyInstance,
  target: HookTarget,
  bodyLimitBytes: number,
  uploads: UploadBudget,
): void {
  const largeBodies = new Semaphore(
    MAX_LARGE_BODY_BYTES,
    MAX_WAIT_MS,
    'Too many large bodies are being handled; retry in a moment',
  );

  async function parseLarge(body: Buffer, reservation: UploadReservation): Promise<RawJson> {
    const { length } = body; // `freeBytes` sets it to 0
    try {
      await largeBodies.acquire(length);
      reservation.onRelease(() => largeBodies.release(length));
      return await runCooperatively(parseInSteps(body));
    } finally {
      freeBytes(body);
    }
  }

  fastify.decorateRequest('uploadReservation', undefined);
  target.addHook('preParsing', selectVerbatimParser);
  target.addHook('onSend', (request, _reply, _payload, done) => {
    // Not when the connection closes: the handler of a request goes on after its client has disconnected.
    request.uploadReservation?.release();
    done();
  });
  fastify.addContentTypeParser(VERBATIM_JSON_TYPE, (request, payload, done) => {
    // Fastify parses the body of a DELETE too, unless the adapter says otherwise, as that of the whole service does.
    if (!METHODS_WITH_BODY.has(request.method)) {
      payload.resume();
      done(null);
      return;
    }
    const reservation = uploads.reserve();
    request.uploadReservation = reservation;
    readBody(payload, bodyLimitBytes, reservation, (error, body) => {
      if (error) done(error);
      else if (body.length > SMALL_BODY_BYTES) {
        parseLarge(body, reservation).then((json) => done(null, json), done);
      } else parseSmall(body, done);
    });
  });
}

/**
 * Selects our parser for the body of a route of Fastpaca.
 *
 * @throws UnsupportedMediaTypeError (415) for a body that is not plain JSON
 */
const selectVerbatimParser: preParsingHookHandler = (request, _reply, payload, done) => {
  if (request.routeConfig?.isFastpaca && hasBody(request)) {
    const { 'content-type': type, 'content-encoding': encoding = 'identity' } = request.headers;
    const isJson = type === 'application/json' || (type !== undefined && JSON_TYPE.test(type));
    const isPlainJson = isJson && encoding === 'identity';
    if (!isPlainJson && METHODS_WITH_BODY.has(request.method)) throw new UnsupportedMediaTypeError();
    request.headers['content-type'] = VERBATIM_JSON_TYPE;
  }
  done(null, payload);
};

/** As Fastify decides whether to parse a body: a content type without a body counts. */
function hasBody({ headers }: FastifyRequest): boolean {
  return (
    headers['content-type'] !== undefined ||
    headers['transfer-encoding'] !== undefined ||
    (headers['content-length'] ?? '0') !== '0'
  );
}

function parseSmall(body: Buffer, done: (error: Error | null, json?: RawJson) => void): void {
  let json;
  try {
    // Many clients send a content type without a body on a DELETE.
    if (body.length > 0) {
      const { value, text } = parseJson(body);
      json = new RawJson(value, text);
    }
  } catch (error) {
    done(payloadError(error));
    return;
  }
  done(null, json);
}

function* parseInSteps(body: Buffer): CooperativeTask<RawJson> {
  try {
    const { value, text } = yield* parseJsonTask(body);
    return new RawJson(value, text);
  } catch (error) {
    throw payloadError(error);
  }
}

function payloadError(error: unknown): Error {
  if (!(error instanceof InvalidJsonError)) return error as Error;
  const { message } = error;
  return new InvalidPayloadError([{ path: '', message }], `The body is not JSON: ${message}`);
}
