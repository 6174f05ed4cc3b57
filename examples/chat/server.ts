// A small web chat on Fastpaca and the AI SDK: `npm run example`, then open the address it prints.
import { serve } from '@hono/node-server';
import { createClient } from 'fastpaca';
import type { Server } from 'node:http';
import { Chat } from './chat.ts';
import { bundlePage } from './page-bundle.ts';
import { createRoutes } from './routes.ts';
import { startService } from './service.ts';

/** Nothing to wait for while the service starts: the end of this process is the end of the service. */
let stop = () => Promise.resolve();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void stop().then(() => process.exit(0)));
}

const service = await startService();
stop = service.stop;
const chat = new Chat(createClient({ baseUrl: service.baseUrl, apiKey: process.env.FASTPACA_API_KEY }));
const { fetch } = createRoutes(chat, await bundlePage());

const port = Number(process.env.EXAMPLE_PORT ?? 3000);
const server = serve({ fetch, port, hostname: '127.0.0.1' }, (address) => {
  console.log(`The chat is at http://127.0.0.1:${address.port}`);
}) as Server;
server.once('error', (error: NodeJS.ErrnoException) => {
  console.error(error.code === 'EADDRINUSE' ? `Port ${port} is taken; set EXAMPLE_PORT.` : error);
  process.exit(1);
});
stop = () => {
  server.close();
  server.closeAllConnections();
  return service.stop();
};
