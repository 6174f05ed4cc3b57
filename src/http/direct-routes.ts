import type { PipeTransform, Type } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Action } from '../common/http/route-config.js';
import { argumentReaders } from './direct-arguments.js';
import { directHandler, isPlain, type DirectHandler } from './direct-handler.js';

/**
 * Makes Fastify call the controllers of Fastpaca without Nest's chain of guards, interceptors, pipes and filters. Why:
 * docs/decisions/026-direct-routes.md.
 */
export function callControllersDirectly(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRoute', (route) => {
    const { action } = route.config ?? {};
    if (!action || hasGlobalEnhancers(app.get(ApplicationConfig))) return;
    const handler = directHandlerOf(app, action);
    if (handler) route.handler = handler;
  });
}

/** Undefined if the declaration of the method needs Nest's chain. */
export function directHandlerOf(app: NestFastifyApplication, action: Action): DirectHandler | undefined {
  const wrapper = app
    .get(DiscoveryService, { strict: false })
    .getControllers()
    .find(({ metatype }) => metatype === action.controller);
  if (!wrapper?.isDependencyTreeStatic() || !isPlain(action)) return undefined;
  const findPipe = (type: Type<PipeTransform>) => app.get<PipeTransform>(type, { strict: false });
  const readers = argumentReaders(action, findPipe);
  return readers && directHandler(wrapper.instance as object, action, readers);
}

/** Nest runs them for every route. Filters are not among them: `ApiErrorFilter` answers every error before they are asked. */
function hasGlobalEnhancers(config: ApplicationConfig): boolean {
  return [
    config.getGlobalGuards(),
    config.getGlobalRequestGuards(),
    config.getGlobalInterceptors(),
    config.getGlobalRequestInterceptors(),
    config.getGlobalPipes(),
    config.getGlobalRequestPipes(),
  ].some(({ length }) => length > 0);
}
