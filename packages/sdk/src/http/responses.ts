import { errorClass, FastpacaError, type ErrorDetails } from '../errors.js';
import { parseRetryAfter } from './retry.js';

/** Longest piece of an unexpected answer that goes into a message, in characters. */
const EXCERPT_LENGTH = 200;

/**
 * The JSON of a good answer; undefined of an empty one.
 *
 * @throws FastpacaError the class of its status, if it is none; or the answer is not JSON
 */
export async function readAnswer(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw answerError(response, text);
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new FastpacaError(
      `Expected JSON from ${response.url}, got: ${excerpt(text)}. Is the base URL that of a Fastpaca service?`,
      { status: response.status, cause },
    );
  }
}

/** What a refusal says, in the service's error shape or, of a proxy in front of it, in none. */
export function answerError(response: Response, text: string): FastpacaError {
  const { status, headers, url } = response;
  const body = errorBody(text);
  const details: ErrorDetails = {
    status,
    requestId: body?.request_id ?? headers.get('x-request-id') ?? undefined,
    retryAfterMs: parseRetryAfter(headers.get('retry-after')),
    code: body?.error,
    reason: body?.reason,
    expected: body?.expected,
    actual: body?.actual,
    details: body?.details,
  };
  const message = body
    ? `${body.message}${faults(body)}`
    : `${url} answered ${status}${text === '' ? '' : `: ${excerpt(text)}`}`;
  const known = Object.entries(details).filter(([, value]) => value !== undefined);
  return new (errorClass(status))(message, Object.fromEntries(known));
}

/** The error shape of every answer of the service. */
interface ErrorBody {
  error: string;
  message: string;
  reason?: string;
  expected?: number;
  actual?: number;
  details?: { path: string; message: string }[];
  request_id?: string;
}

function errorBody(text: string): ErrorBody | undefined {
  try {
    const body = JSON.parse(text) as Partial<ErrorBody> | null;
    return typeof body?.error === 'string' && typeof body.message === 'string'
      ? (body as ErrorBody)
      : undefined;
  } catch {
    return undefined;
  }
}

function faults({ details = [] }: ErrorBody): string {
  return details.length ? ` (${details.map(({ path, message }) => `${path} ${message}`).join('; ')})` : '';
}

function excerpt(text: string): string {
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text;
}
