import type { Scope } from './scopes.js';

/** Who a request acts for: the namespace all its conversations belong to, and what it may do there. */
export interface Principal {
  namespace: string;
  scopes: ReadonlySet<Scope>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read, on every route that asks for a scope. */
    principal?: Principal;
  }
  interface FastifyContextConfig {
    /** What the route asks for; `public` is open to everybody. */
    scope?: Scope | 'public';
    /** Neither `Host` nor `Origin` is checked. */
    underAnyHost?: boolean;
  }
}
