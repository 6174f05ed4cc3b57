import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { FastifyInstance } from 'fastify';
import { isRoute, routeConfigOf } from '../common/http/route-config.js';

/** The modules whose routes must declare who may use them, in addition to those of Fastpaca. */
export type GuardedModules = 'all' | readonly Type[];

/** Injection token of `GuardedModules`. */
export const GUARDED_MODULES = Symbol('GUARDED_MODULES');

/** A route declares neither a scope nor that it is public. */
export class UndeclaredScopeError extends Error {
  constructor(routes: readonly string[]) {
    super(
      `Everybody could use ${routes.join(', ')}: declare the scope that a caller needs with @RequireScope('…'), ` +
        'or that the route needs none with @Public()',
    );
  }
}

/** Stops the start of the application if a route does not declare who may use it. */
@Injectable()
export class DeclaredScopes implements OnModuleInit {
  private readonly scanner = new MetadataScanner();

  constructor(
    private readonly discovery: DiscoveryService,
    @Inject(GUARDED_MODULES) private readonly guardedModules: GuardedModules,
  ) {}

  /** @throws UndeclaredScopeError naming every such route as `Controller.method` */
  onModuleInit(): void {
    const undeclared = this.discovery
      .getControllers()
      .flatMap((controller) => this.undeclaredRoutes(controller));
    if (undeclared.length) throw new UndeclaredScopeError(undeclared);
  }

  private undeclaredRoutes({ metatype, host }: InstanceWrapper): string[] {
    const { name } = metatype as Type;
    const prototype = (metatype as Type).prototype as Record<string, unknown>;
    const isGuarded = this.guardedModules === 'all' || this.guardedModules.includes(host?.metatype as Type);
    return this.scanner.getAllMethodNames(prototype).flatMap((method) => {
      const handler: unknown = prototype[method];
      if (!isRoute(handler)) return [];
      const { scope, isFastpaca } = routeConfigOf(handler);
      return scope === undefined && (isGuarded || isFastpaca) ? [`${name}.${method}`] : [];
    });
  }
}

/**
 * Finds the routes that code adds to Fastify without a controller. Their `config` declares `{ scope }`.
 *
 * @returns a function that throws UndeclaredScopeError if a route that was added meanwhile declares no scope
 */
export function collectUndeclaredRoutes(fastify: FastifyInstance): () => void {
  const undeclared: string[] = [];
  fastify.addHook('onRoute', ({ method, url, config }) => {
    if (config?.scope === undefined) undeclared.push(`${[method].flat().join('|')} ${url}`);
  });
  return () => {
    if (undeclared.length) throw new UndeclaredScopeError(undeclared);
  };
}
