import type { Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyContextConfig } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the route declares. Kept, because `routeOptions` makes a new object whenever it is read. */
    routeConfig?: FastifyContextConfig & { url?: string };
  }
  interface FastifyContextConfig {
    /** A route of Fastpaca itself: JSON bodies arrive as `RawJson`, and every error has the shape of the API. */
    isFastpaca?: boolean;
    /** The method of a controller of Fastpaca that handles the route. */
    action?: Action;
  }
}

export interface Action {
  controller: Type;
  method: string;
}

type Handler = (...args: never[]) => unknown;

/** Where `RouteConfig` of @nestjs/platform-fastify stores the configuration of a handler. It exports no constant for it. */
const ROUTE_CONFIG_METADATA = '__fastify_route_config__';

/**
 * Adds to the Fastify configuration of a route; on a class, of every route that the class itself declares. What a method
 * declares wins over its class.
 */
export function AddRouteConfig(added: FastifyContextConfig): ClassDecorator & MethodDecorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (key !== undefined && descriptor)
      RouteConfig({ ...routeConfigOf(descriptor.value as Handler), ...added })(target, key, descriptor);
    else configureRoutes(target as Type, () => added);
  };
}

/** Adds to the Fastify configuration of every route that the class itself declares. What a method declares wins. */
export function configureRoutes(controller: Type, addedTo: (method: string) => FastifyContextConfig): void {
  const prototype = controller.prototype as object;
  for (const [name, method] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (!isRoute(method.value)) continue;
    RouteConfig({ ...addedTo(name), ...routeConfigOf(method.value) })(prototype, name, method);
  }
}

/** The Fastify configuration that decorators gave to a handler of a controller. */
export function routeConfigOf(handler: Handler): FastifyContextConfig {
  return (Reflect.getMetadata(ROUTE_CONFIG_METADATA, handler) as FastifyContextConfig | undefined) ?? {};
}

/** Whether a member of a controller handles a route. */
export function isRoute(member: unknown): member is Handler {
  return typeof member === 'function' && Reflect.hasMetadata(PATH_METADATA, member);
}
