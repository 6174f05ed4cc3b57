import { applyDecorators, Controller, UseFilters, VERSION_NEUTRAL, type Type } from '@nestjs/common';
import { ApiErrorFilter } from './api-error.filter.js';
import { configureRoutes } from './route-config.js';

/**
 * A controller of Fastpaca. Its routes answer every error in the shape of the API, whatever filters the host application
 * has, and keep their paths if the host uses versions.
 */
export function FastpacaController(path: string): ClassDecorator {
  return applyDecorators(
    Controller({ path, version: VERSION_NEUTRAL }),
    UseFilters(ApiErrorFilter),
    (controller: object) =>
      configureRoutes(controller as Type, (method) => ({
        isFastpaca: true,
        action: { controller: controller as Type, method },
      })),
  );
}
