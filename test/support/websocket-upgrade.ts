import type { HttpResponse } from './http-client.js';
import { sendRaw } from './raw-http.js';

/** The text of the upgrade request of a websocket client. @param headers additional headers, or other values */
export function upgradeRequest(path: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries({
    host: 'localhost',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Sends an upgrade request on a new connection. @returns the response, which has a body if it is an error */
export function sendUpgrade(
  url: string,
  path: string,
  headers?: Record<string, string>,
): Promise<HttpResponse> {
  return sendRaw(url, upgradeRequest(path, headers));
}
