/** Who a request acts for, and what it may do. */
export interface Principal {
  /** Conversations of one namespace are invisible in every other: one per tenant. */
  namespace: string;
  /** The scopes that the caller has; `all` includes the scopes of your own routes. */
  scopes: ReadonlySet<string> | 'all';
  /** Who calls: a user or a service. Fastpaca only copies it into the audit log; `root` for the keys in `FASTPACA_API_KEY`. */
  subject?: string | undefined;
}

/** With this value of a query parameter, a route requires this scope instead of its own. */
export interface ScopeException {
  parameter: string;
  value: string;
  scope: string;
}

/** Who calls, as the audit log names them; `unknown` if the authenticator names nobody. */
export function actorOf({ subject = 'unknown' }: Principal): string {
  return subject;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read, on every route that requires a scope. */
    principal?: Principal | undefined;
  }
  interface FastifyContextConfig {
    /** The scope that the route requires; `public` if it requires none, and no authentication. */
    scope?: string;
    scopeException?: ScopeException;
    /** Requests are accepted whatever their `Host` and `Origin`. */
    skipBrowserAccessCheck?: boolean;
  }
}
