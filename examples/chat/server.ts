// A small web chat on Fastpaca and the AI SDK: `npm run example`, then open the address it prints.
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createClient, FastpacaError } from 'fastpaca';
import { Chat } from './chat.ts';
import { startService } from './service.ts';

const FILES: Record<string, [file: string, type: string]> = {
  '/': ['index.html', 'text/html'],
  '/chat.js': ['chat.js', 'text/javascript'],
  '/style.css': ['style.css', 'text/css'],
};

const service = await startService();
const chat = new Chat(createClient({ baseUrl: service.baseUrl, apiKey: process.env.FASTPACA_API_KEY }));

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error);
    if (response.headersSent) return response.destroy();
    const known = error instanceof FastpacaError;
    response.writeHead(known ? (error.status ?? 502) : 500, { 'content-type': 'application/json' });
    const message = known ? error.message : 'The example has a fault; see its terminal.';
    response.end(JSON.stringify({ message }));
  });
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const file = FILES[url.pathname];
  if (file) {
    response.writeHead(200, { 'content-type': `${file[1]}; charset=utf-8` });
    createReadStream(join(import.meta.dirname, 'public', file[0])).pipe(response);
    return;
  }
  const [, encoded = '', what] = /^\/api\/([^/]+)\/(history|gauge|say)$/.exec(url.pathname) ?? [];
  const id = decodeURIComponent(encoded);
  if (what === 'history') send(await chat.history(id), response);
  else if (what === 'gauge') send(await chat.gauge(id), response);
  else if (what === 'say' && request.method === 'POST') {
    const body = Readable.toWeb(request) as ReadableStream;
    const asked = new Request(url, { method: 'POST', body, duplex: 'half' } as RequestInit);
    send(await chat.say(id, asked), response);
  } else response.writeHead(404).end();
}

/** A page that is closed takes no more; the answer is read and stored all the same. */
function send({ status, headers, body }: Response, response: ServerResponse): void {
  response.writeHead(status, Object.fromEntries(headers));
  if (!body) response.end();
  else
    Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0])
      .on('error', () => response.destroy())
      .pipe(response);
}

server.listen(Number(process.env.EXAMPLE_PORT ?? 3000), '127.0.0.1', () => {
  console.log(`The chat is at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
    void service.stop().then(() => process.exit(0));
  });
}
