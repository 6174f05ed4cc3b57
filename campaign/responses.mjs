// The rules for every response of the service: it arrives in time, is never a 500, and every error has the error shape.

/** Counts a response, and reports one that is missing, a 500, or an error without the error shape. */
export function checkResponse(verdict, response) {
  verdict.count('responses');
  if (response.status !== 0) verdict.highest('slowest response ms', response.ms);
  if (response.problem === 'hangs')
    verdict.broken('responses', `no response in ${Math.round(response.ms)} ms`);
  if (response.status >= 500 && response.status !== 503)
    verdict.broken('responses', `${response.status}: ${response.text}`);
  const violation = response.status >= 400 && errorShapeViolation(response);
  if (violation) verdict.broken('responses', violation);
}

/** The rule that an error response violates: the error shape, or at most 64 KiB. Undefined if it violates none. */
export function errorShapeViolation({ status, headers, text, body }) {
  if (text.length > 64 * 1024) return `${status} with ${text.length} bytes`;
  if (
    typeof body?.error !== 'string' ||
    typeof body.message !== 'string' ||
    typeof body.request_id !== 'string'
  )
    return `${status} without the error shape: ${text.slice(0, 200)}`;
  if (status === 503 && !/^\d+$/.test(headers['retry-after'] ?? '')) return '503 without Retry-After';
  if (status === 400 && !Array.isArray(body.details)) return '400 without details';
  return undefined;
}
