import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { Scope } from './scopes.js';

/**
 * Declares the scope that a key needs to call this route. The scope is part of the route's Fastify configuration, so that
 * it can be checked before the body is read.
 */
export function RequireScope(scope: Scope): MethodDecorator {
  return applyDecorators(RouteConfig({ scope }), ApiBearerAuth());
}

/** Declares that a route needs no key. */
export function Public(): MethodDecorator {
  return applyDecorators(RouteConfig({ scope: 'public' }));
}

/**
 * Declares that a route is a health probe: it needs no key, and any `Host` is accepted, because Kubernetes sends the address
 * of the pod. Such a route must say nothing but whether the service works.
 */
export function Probe(): MethodDecorator {
  return applyDecorators(RouteConfig({ scope: 'public', skipBrowserAccessCheck: true }));
}
