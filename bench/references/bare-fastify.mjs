// Reference: Fastify alone. It reads the JSON body of an append, and sends the response of one. No database.
import { APPEND_ROUTE, serve } from './server.mjs';

await serve((app) =>
  app.post(APPEND_ROUTE, (request, reply) => {
    reply.code(201);
    return { seq: 1, version: 1, token_estimate: request.body.event ? 60 : 0 };
  }),
);
