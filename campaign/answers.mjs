// What every answer of the service must be, whatever was asked: in time, never a 500, and an error in the one shape.

/** Counts an answer; evidence if it is late, missing for too long, or not sound. */
export function noteAnswer(verdict, answer) {
  verdict.count('answers');
  if (answer.status !== 0) verdict.highest('slowest answer ms', answer.ms);
  if (answer.problem === 'hangs') verdict.broken('answers', `no answer in ${Math.round(answer.ms)} ms`);
  if (answer.status >= 500 && answer.status !== 503)
    verdict.broken('answers', `${answer.status}: ${answer.text}`);
  const violation = answer.status >= 400 && errorShapeViolation(answer);
  if (violation) verdict.broken('answers', violation);
}

/** What is wrong with an error answer, or undefined: the one shape of every error, at most 64 KiB of it. */
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
