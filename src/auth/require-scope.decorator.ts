import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { AddRouteConfig } from '../common/http/route-config.js';
import type { Scope } from './scopes.js';

/**
 * Declares the scope that a caller needs for this route, or for every route of this controller. The scope is part of the
 * route's Fastify configuration, so that it is checked before the body is read.
 *
 * @param scope one of Fastpaca's scopes, or a scope of your own such as `reports:read`
 * @param exception a value of a query parameter with which the route requires another scope instead
 */
export function RequireScope(
  scope: Scope | (string & {}),
  exception?: { parameter: string; value: string; scope: string },
): ClassDecorator & MethodDecorator {
  return applyDecorators(
    AddRouteConfig({ scope, ...(exception && { scopeException: exception }) }),
    ApiBearerAuth(),
  );
}

/** Declares that this route, or every route of this controller, needs no authentication. */
export function Public(): ClassDecorator & MethodDecorator {
  return AddRouteConfig({ scope: 'public' });
}

/**
 * Declares that a route is a health probe: it needs no authentication, and any `Host` is accepted, because Kubernetes sends
 * the address of the pod. Such a route must say nothing but whether the service works.
 */
export function Probe(): MethodDecorator {
  return AddRouteConfig({ scope: 'public', skipBrowserAccessCheck: true });
}
