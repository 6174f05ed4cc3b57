import type { IncomingMessage } from 'node:http';
import { InvalidPayloadError, PayloadTooLargeError, UnavailableError } from '../../errors/common.errors.js';
import { JsonSize, MAX_JSON_MEMBERS, MAX_JSON_VALUES } from '../../json/json-size.js';
import { readOnInTurn } from './read-turns.js';
import { SMALL_BODY_BYTES, type UploadSlot } from './upload-budget.js';

const NO_BYTES = Buffer.alloc(0);

/**
 * Reads the body of a request as far as its limits allow. A body that declares its length is admitted or rejected before
 * it is read; of any other body, each chunk is.
 *
 * @param done is called once, with the whole body or with an error; the rest of a rejected body is discarded
 */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  slot: UploadSlot,
  done: (error: Error | undefined, body: Buffer) => void,
): void {
  const header = request.headers['content-length'];
  const declared = header === undefined ? undefined : Number(header);
  const early = admit(declared ?? 0, limitBytes, slot);
  if (early) {
    done(early, NO_BYTES);
    return;
  }
  const isSmall = declared !== undefined && declared <= SMALL_BODY_BYTES;
  // One buffer for a large body of known length: the chunks can be freed, and are not joined in a second copy.
  const whole = declared === undefined || isSmall ? undefined : Buffer.allocUnsafeSlow(declared);
  const size = isSmall ? undefined : new JsonSize();
  const chunks: Buffer[] = [];
  let received = 0;

  const onData = (chunk: Buffer) => {
    if (!isSmall) readOnInTurn(request);
    received += chunk.length;
    size?.add(chunk);
    if (whole) {
      chunk.copy(whole, received - chunk.length);
      freeBytes(chunk);
    } else chunks.push(chunk);
    if (size?.isTooLarge) end(new PayloadTooLargeError(TOO_MANY_VALUES));
    else if (declared === undefined) {
      const late = admit(received, limitBytes, slot);
      if (late) end(late);
    }
  };
  const onEnd = () => end();
  const onAbort = () => end(new InvalidPayloadError([{ path: '', message: 'The body ends too early' }]));
  const end = (error?: Error) => {
    request.off('data', onData).off('end', onEnd).off('close', onAbort);
    if (error && whole) freeBytes(whole);
    done(error, error ? NO_BYTES : (whole ?? joined(chunks, received)));
  };
  request.on('data', onData).on('end', onEnd).on('close', onAbort);
}

const TOO_MANY_VALUES =
  `The body has more than ${MAX_JSON_VALUES} JSON values or more than ${MAX_JSON_MEMBERS} members of objects; ` +
  'send it in parts, or the JSON of tools as text';

/**
 * Gives the memory of a buffer back at once, if it shares the memory with no other buffer. A garbage collection would do
 * it too, but V8 starts none while little is allocated: 250 MB were kept for minutes.
 *
 * @param bytes of no use afterwards
 */
export function freeBytes({ buffer, length }: Buffer): void {
  if (buffer.byteLength === length) (buffer as ArrayBuffer).transfer(0);
}

function admit(bytes: number, limitBytes: number, slot: UploadSlot): Error | undefined {
  if (bytes > limitBytes)
    return new PayloadTooLargeError(`The body is larger than the limit of ${limitBytes} bytes`);
  return slot.resize(bytes)
    ? undefined
    : new UnavailableError('Too many bytes are being uploaded; retry in a moment');
}

function joined(chunks: readonly Buffer[], length: number): Buffer {
  if (chunks.length === 1) return chunks[0] ?? NO_BYTES;
  const body = Buffer.allocUnsafeSlow(length);
  let end = 0;
  for (const chunk of chunks) end += chunk.copy(body, end);
  return body;
}
