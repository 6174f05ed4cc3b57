import Fastify from 'fastify';
import pg from 'pg';
import { sendReports } from '../process-reports.mjs';

/** The route of an append, as in the service. */
export const APPEND_ROUTE = '/v1/conversations/:id/events';

/** A pool of as many connections, and with the same plans, as that of the service. */
export function createPool() {
  return new pg.Pool({
    connectionString: process.env.DATABASE_URL,
    max: 16,
    options: '-c enable_seqscan=off -c plan_cache_mode=force_generic_plan',
  });
}

/** Runs a server that `ServerProcess` starts. @param addRoutes receives the Fastify application */
export async function serve(addRoutes) {
  const app = Fastify();
  app.get('/health/ready', () => ({}));
  addRoutes(app);
  await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
  sendReports();
}
