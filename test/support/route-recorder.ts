import { Inject, Injectable, Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, RouteOptions } from 'fastify';

/** The routes of Swagger UI, which no controller declares. */
const DOCS = /^\/docs([/-]|$)/;

/** Records every route that is registered with Fastify, except the docs. Tests get the recorder with `app.get`. */
@Injectable()
export class RouteRecorder {
  readonly routes: { method: string; url: string; scope: string | undefined }[] = [];

  /** The routes with a value of a query parameter that requires another scope. */
  readonly exceptions: { method: string; url: string; scope: string | undefined }[] = [];

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
    // In the constructor, because Nest registers routes before it runs the lifecycle hooks of modules.
    const fastify = host.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRoute', ({ method, url, config }: RouteOptions) => {
      if (DOCS.test(url)) return;
      for (const each of [method].flat()) {
        this.routes.push({ method: each, url, scope: config?.scope });
        const { parameter, value, scope } = config?.scopeException ?? {};
        if (parameter !== undefined)
          this.exceptions.push({ method: each, url: `${url}?${parameter}=${value}`, scope });
      }
    });
  }

  /** The routes that neither declare a scope nor are declared public. */
  undeclared(): string[] {
    return this.routes
      .filter(({ scope }) => scope === undefined)
      .map(({ method, url }) => `${method} ${url}`);
  }
}

@Module({ providers: [RouteRecorder], exports: [RouteRecorder] })
export class RouteRecorderModule {}
