import type { Scope } from './scopes.js';

/** Who a request acts for: the namespace of all its conversations, and what it may do there. */
export interface Principal {
  namespace: string;
  scopes: ReadonlySet<Scope>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read, on every route that requires a scope. */
    principal?: Principal;
  }
  interface FastifyContextConfig {
    /** The scope that the route requires; `public` if it requires none, and no key. */
    scope?: Scope | 'public';
    /** Requests are accepted whatever their `Host` and `Origin`. */
    skipBrowserAccessCheck?: boolean;
  }
}
