import type { FastifyInstance } from 'fastify';
import type { Hook, HookName, HookTarget } from '../common/http/hook-target.js';

/** Adds hooks to the routes that declare a scope, and to no other route of a host application. */
export class DeclaredRouteHooks implements HookTarget {
  private readonly hooks: [HookName, Hook<HookName>][] = [];

  /** Must be constructed before the application registers its routes. */
  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', (route) => {
      if (route.config?.scope === undefined) return;
      for (const [name, hook] of this.hooks) {
        const existing = [route[name] ?? []].flat() as unknown[];
        // Fastify copies the options of a GET route, hooks included, for its HEAD route.
        if (!existing.includes(hook)) Object.assign(route, { [name]: [hook, ...existing] });
      }
    });
  }

  addHook<Name extends HookName>(name: Name, hook: Hook<Name>): void {
    this.hooks.unshift([name, hook]); // each is put before the earlier ones
  }
}
