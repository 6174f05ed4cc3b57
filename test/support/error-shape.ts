import { expect } from '@jest/globals';
import type { HttpResponse } from './http-client.js';

const CODES: Record<number, string> = {
  400: 'invalid_payload',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  410: 'gone',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  500: 'internal_error',
  503: 'unavailable',
};

/** Asserts the status, the error code of that status, and the shape of all errors. */
export function expectError(response: HttpResponse, status: number): void {
  expect({ status: response.status, body: response.body }).toEqual({
    status,
    body: expect.objectContaining({ error: CODES[status] }),
  });
  expectErrorShape(response);
}

/** Asserts the shape of all errors. */
export function expectErrorShape({ status, headers, text, body }: HttpResponse): void {
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
  const known = ['error', 'message', 'reason', 'expected', 'actual', 'details', 'request_id'];
  expect(Object.keys(body).filter((key) => !known.includes(key))).toEqual([]);
  expect(body.error).toBe(CODES[status]);
  expect(body.message).toMatch(/\S/);
  expect(body.request_id).toMatch(/^[\w.:@+/=-]{1,128}$/);
  expect(headers.get('x-request-id')).toBe(body.request_id);
  if (status === 400) {
    expect(body.details.length).toBeGreaterThan(0);
    for (const detail of body.details) {
      expect(detail).toEqual({ path: expect.any(String), message: expect.stringMatching(/\S/) });
    }
  } else expect(body.details).toBeUndefined();
  expect(headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
  if (status === 503) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  else expect(headers.get('retry-after')).toBeNull();
}

/** Asserts a 409 with this reason and these `expected` and `actual` versions. By default both must be absent. */
export function expectConflict(
  response: HttpResponse,
  reason: string,
  versions: { expected?: number; actual?: number } = {},
): void {
  expectError(response, 409);
  const { expected, actual } = response.body;
  expect({ reason: response.body.reason, expected, actual }).toEqual({
    reason,
    expected: undefined,
    actual: undefined,
    ...versions,
  });
}

/** The paths of the violations that an error lists, sorted. */
export function violationPaths({ body }: Pick<HttpResponse, 'body'>): string[] {
  return body.details.map(({ path }: { path: string }) => path).sort();
}
