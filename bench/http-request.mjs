import http from 'node:http';

/**
 * Sends a request over a connection that stays open, and discards the body of the response.
 *
 * @param agent `http.Agent` with `keepAlive`
 * @returns the status, and how long it took until the last byte, in milliseconds
 */
export function send(agent, method, url, body) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const request = http.request(url, { method, agent, headers: { 'content-type': 'application/json' } });
    request.once('error', reject);
    request.once('response', (response) => {
      response.resume();
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode, ms: performance.now() - startedAt }));
    });
    request.end(body);
  });
}
