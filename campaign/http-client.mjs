// The HTTP client of the campaign. Failed requests are results, never exceptions.
import { randomUUID } from 'node:crypto';
import http from 'node:http';

/** A request without a response after this time hangs. The service promises a few seconds, but the machine may be busy. */
const HANGS_AFTER_MS = 30_000;

export class HttpClient {
  /** @param url returns the current address of the service */
  constructor(url, headers = {}) {
    this.url = url;
    this.headers = headers;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 128 });
  }

  /**
   * @param body a string is sent unchanged, any other value as JSON
   * @returns `{status, headers, text, body, ms}`; without a response `{status: 0, problem}`, `problem` being `hangs` or an
   *   error code
   */
  send(method, path, { body, headers = {} } = {}) {
    const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const fail = (problem) =>
        resolve({ status: 0, problem, headers: {}, ms: performance.now() - startedAt });
      const request = http.request(this.url() + path, {
        method,
        agent: this.agent,
        timeout: HANGS_AFTER_MS,
        headers: {
          'x-request-id': randomUUID(),
          ...this.headers,
          ...(payload !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(payload),
          }),
          ...headers,
        },
      });
      request.on('timeout', () => {
        fail('hangs');
        request.destroy();
      });
      request.on('error', (error) => fail(error.code ?? error.message));
      request.on('response', (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', (error) => fail(error.code ?? error.message));
        response.on('close', () => fail('cut short')); // has no effect after 'end'
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const { statusCode: status, headers: responseHeaders } = response;
          resolve({
            status,
            headers: responseHeaders,
            text,
            body: parsed(text),
            ms: performance.now() - startedAt,
          });
        });
      });
      request.end(payload);
    });
  }

  close() {
    this.agent.destroy();
  }
}

/** The path of a conversation, or of one of its sub-resources. */
export function conversationPath(id, rest = '') {
  return `/v1/conversations/${encodeURIComponent(id)}${rest}`;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
