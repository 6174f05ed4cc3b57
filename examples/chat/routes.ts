import { FastpacaError } from 'fastpaca';
import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z, ZodError } from 'zod';
import type { Chat } from './chat.ts';
import type { PageFile } from './page-bundle.ts';

/** What `useChat` posts by default, as far as it is used here. */
const chatRequest = z.object({
  id: z.string(),
  messages: z
    .array(
      z.looseObject({
        id: z.string().min(1),
        role: z.enum(['user', 'assistant']),
        parts: z.array(z.looseObject({ type: z.string() })),
      }),
    )
    .min(1),
  trigger: z.enum(['submit-message', 'regenerate-message']).optional(),
  messageId: z.string().optional(),
});

/** The routes of the page. An error is a text, which the page shows. */
export function createRoutes(chat: Chat, page: Map<string, PageFile>): Hono {
  const app = new Hono();
  app.post('/api/chat', async (c) => {
    const { id, ...request } = chatRequest.parse(await c.req.json().catch(() => null));
    return chat.answer(id, request);
  });
  app.get('/api/chat/:id/messages', async (c) => c.json(await chat.messages(c.req.param('id'))));
  app.get('/api/chat/:id/gauge', async (c) => c.json(await chat.gauge(c.req.param('id'))));
  app.delete('/api/chat/:id/answer', (c) => {
    chat.stop(c.req.param('id'));
    return c.body(null, 204);
  });
  for (const [path, { type, content }] of page) {
    app.get(path, (c) => c.body(content, 200, { 'content-type': `${type}; charset=utf-8` }));
  }
  app.onError((error, c) => {
    const [status, message] = explain(error);
    if (status >= 500) console.error(error);
    return c.text(message, status as ContentfulStatusCode);
  });
  return app;
}

function explain(error: Error): [status: number, message: string] {
  if (error instanceof ZodError) return [400, `This is no request of useChat: ${z.prettifyError(error)}`];
  if (error instanceof FastpacaError) return [error.status ?? 502, error.message];
  return [500, 'The example failed. Its terminal shows the error.'];
}
