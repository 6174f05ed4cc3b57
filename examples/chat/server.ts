// A small web chat on Fastpaca and the AI SDK: `npm run example`, then open the address it prints.
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createClient, FastpacaError } from 'fastpaca';
import { BadMessageError, Chat } from './chat.ts';
import { startService, type Service } from './service.ts';

const FILES: Record<string, [file: string, type: string]> = {
  '/': ['index.html', 'text/html'],
  '/chat.js': ['chat.js', 'text/javascript'],
  '/style.css': ['style.css', 'text/css'],
};

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    if (response.headersSent) {
      console.error(error);
      return response.destroy();
    }
    const [status, message] = explain(error);
    if (status >= 500) console.error(error);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ message }));
  });
});

/** Nothing to wait for while it starts: the end of this process is the end of the service. */
let stopService: Service['stop'] = () => Promise.resolve();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
    void stopService().then(() => process.exit(0));
  });
}

const service = await startService();
stopService = service.stop;
const chat = new Chat(createClient({ baseUrl: service.baseUrl, apiKey: process.env.FASTPACA_API_KEY }));

const port = Number(process.env.EXAMPLE_PORT ?? 3000);
server.once('error', (error: NodeJS.ErrnoException) => {
  console.error(error.code === 'EADDRINUSE' ? `Port ${port} is taken; set EXAMPLE_PORT.` : error);
  process.exit(1);
});
server.listen(port, '127.0.0.1', () => {
  console.log(`The chat is at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

/** The status and the message that the page shows. */
function explain(error: unknown): [status: number, message: string] {
  if (error instanceof BadMessageError) return [400, error.message];
  if (error instanceof URIError) return [400, 'The address is not encoded as addresses are.'];
  if (error instanceof FastpacaError) return [error.status ?? 502, error.message];
  return [500, 'The example failed. Its terminal shows the error.'];
}

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
  if (!body) return void response.end();
  const source = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
  source.on('error', () => response.destroy()).pipe(response);
  response.once('close', () => source.destroy());
}
