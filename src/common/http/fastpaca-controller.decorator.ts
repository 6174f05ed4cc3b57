import { applyDecorators, Controller, UseFilters, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiErrorFilter } from './api-error.filter.js';
import { AddRouteConfig } from './route-config.js';

/**
 * A controller of Fastpaca. Its routes answer every error in the shape of the API, whatever filters the host application
 * has, and keep their paths if the host uses versions.
 */
export function FastpacaController(path: string): ClassDecorator {
  return applyDecorators(
    Controller({ path, version: VERSION_NEUTRAL }),
    UseFilters(ApiErrorFilter),
    AddRouteConfig({ isFastpaca: true }),
  );
}
