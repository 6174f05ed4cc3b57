import { errorClass, FastpacaError, type ErrorDetails } from '../errors.js';
import { parseRetryAfter } from './retry.js';

/** Most characters of an unexpected body that an error message quotes. */
const EXCERPT_LENGTH = 200;

/**
 * Reads the JSON of a response. An empty body is undefined.
 *
 * @throws FastpacaError of the class of its status for a non-2xx response, or if the body is not JSON
 */
export async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw responseError(response, text);
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

/** The error for a non-2xx response, whether or not its body has the service's error shape: a proxy may have sent it. */
export function responseError(response: Response, text: string): FastpacaError {
  const { status, headers, url } = response;
  const body = parseErrorBody(text);
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
    ? `${body.message}${describeViolations(body)}`
    : `${url} responded with ${status}${text === '' ? '' : `: ${excerpt(text)}`}`;
  const definedDetails = Object.entries(details).filter(([, value]) => value !== undefined);
  return new (errorClass(status))(message, Object.fromEntries(definedDetails));
}

/** The error shape of the service. */
interface ErrorBody {
  error: string;
  message: string;
  reason?: string;
  expected?: number;
  actual?: number;
  details?: { path: string; message: string }[];
  request_id?: string;
}

function parseErrorBody(text: string): ErrorBody | undefined {
  try {
    const body = JSON.parse(text) as Partial<ErrorBody> | null;
    return typeof body?.error === 'string' && typeof body.message === 'string'
      ? (body as ErrorBody)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The violations that the message of the service does not tell. */
function describeViolations({ message: told, details = [] }: ErrorBody): string {
  const untold = details
    .map(({ path, message }) => `${path} ${message}`)
    .filter((text) => !told.includes(text));
  return untold.length ? ` (${untold.join('; ')})` : '';
}

function excerpt(text: string): string {
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text;
}
