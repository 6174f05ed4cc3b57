import type { IncomingMessage } from 'node:http';
import { InvalidPayloadError, PayloadTooLargeError, UnavailableError } from '../../errors/common.errors.js';
import { JsonSize, MAX_JSON_MEMBERS, MAX_JSON_VALUES } from '../../json/json-size.js';
import { scheduleNextRead } from './read-scheduler.js';
import { SMALL_BODY_BYTES, type UploadReservation } from './upload-budget.js';

const NO_BYTES = Buffer.alloc(0);

const TOO_MANY_VALUES =
  `The body has more than ${MAX_JSON_VALUES} JSON values or more than ${MAX_JSON_MEMBERS} members of objects; ` +
  'split it into several requests, or send the JSON of tools as text';

/**
 * Reads the body of a request within its limits. A body that declares its length is admitted or rejected before it is
 * read; any other body is admitted chunk by chunk.
 *
 * @param done is called once, with the whole body or with an error; the rest of a rejected body is not read here
 */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  reservation: UploadReservation,
  done: (error: Error | undefined, body: Buffer) => void,
): void {
  const header = request.headers['content-length'];
  const declaredBytes = header === undefined ? undefined : Number(header);
  const rejection = admit(declaredBytes ?? 0, limitBytes, reservation);
  if (rejection) {
    done(rejection, NO_BYTES);
    return;
  }
  const isSmall = declaredBytes !== undefined && declaredBytes <= SMALL_BODY_BYTES;
  // A large body of known length is copied into one buffer as it arrives: its chunks can be freed at once, and the
  // body is never in memory twice.
  const whole = declaredBytes === undefined || isSmall ? undefined : Buffer.allocUnsafeSlow(declaredBytes);
  const size = isSmall ? undefined : new JsonSize();
  const chunks: Buffer[] = [];
  let receivedBytes = 0;

  const onData = (chunk: Buffer) => {
    if (!isSmall) scheduleNextRead(request);
    receivedBytes += chunk.length;
    size?.add(chunk);
    if (whole) {
      chunk.copy(whole, receivedBytes - chunk.length);
      freeBytes(chunk);
    } else chunks.push(chunk);
    if (size?.isTooLarge) end(new PayloadTooLargeError(TOO_MANY_VALUES));
    else if (declaredBytes === undefined) {
      const lateRejection = admit(receivedBytes, limitBytes, reservation);
      if (lateRejection) end(lateRejection);
    }
  };
  const onEnd = () => end();
  const onAbort = () => end(new InvalidPayloadError([{ path: '', message: 'The body is incomplete' }]));
  const end = (error?: Error) => {
    request.off('data', onData).off('end', onEnd).off('close', onAbort);
    if (error && whole) freeBytes(whole);
    done(error, error ? NO_BYTES : (whole ?? concat(chunks, receivedBytes)));
  };
  request.on('data', onData).on('end', onEnd).on('close', onAbort);
}

/**
 * Frees the memory of a buffer at once, unless the buffer is a slice of a larger one. A garbage collection would free
 * it too, but V8 starts none while little is allocated: 250 MB stayed allocated for minutes.
 *
 * @param bytes must not be used afterwards
 */
export function freeBytes({ buffer, length }: Buffer): void {
  if (buffer.byteLength === length) (buffer as ArrayBuffer).transfer(0);
}

/** Reserves `bytes` in the budget; returns the error if the body is too large or the budget is exhausted. */
function admit(bytes: number, limitBytes: number, reservation: UploadReservation): Error | undefined {
  if (bytes > limitBytes)
    return new PayloadTooLargeError(`The body is larger than the limit of ${limitBytes} bytes`);
  return reservation.resize(bytes)
    ? undefined
    : new UnavailableError('Too many bytes are being uploaded; retry in a moment');
}

/** `Buffer.concat` without its pool: the result owns its memory and can be freed. */
function concat(chunks: readonly Buffer[], length: number): Buffer {
  if (chunks.length === 1) return chunks[0] ?? NO_BYTES;
  const body = Buffer.allocUnsafeSlow(length);
  let end = 0;
  for (const chunk of chunks) end += chunk.copy(body, end);
  return body;
}
