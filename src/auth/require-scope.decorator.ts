import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { Scope } from './scopes.js';

/**
 * Declares what a key must be allowed to do to call this route. It is part of the route's Fastify configuration, so
 * that it is decided before the body is read.
 */
export function RequireScope(scope: Scope): MethodDecorator {
  return applyDecorators(RouteConfig({ scope }), ApiBearerAuth());
}

/**
 * Declares that a route says nothing but whether the service works, to everybody and under any host name: a probe of
 * Kubernetes names the address of the pod.
 */
export function Probe(): MethodDecorator {
  return applyDecorators(RouteConfig({ scope: 'public', underAnyHost: true }));
}

/** Declares that a route is open to everybody. */
export function Public(): MethodDecorator {
  return applyDecorators(RouteConfig({ scope: 'public' }));
}
