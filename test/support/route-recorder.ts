import { Inject, Injectable, Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, RouteOptions } from 'fastify';

/** Swagger's own pages, which no controller of ours declares. */
const DOCS = /^\/docs([/-]|$)/;

/** Every route that Fastify is given, whoever declares it, but for those of the docs; to be had with `app.get`. */
@Injectable()
export class RouteRecorder {
  readonly routes: { method: string; url: string; scope: string | undefined }[] = [];

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
    // In the constructor, since Nest registers its routes before any hook of a module runs.
    const fastify = host.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRoute', ({ method, url, config }: RouteOptions) => {
      if (DOCS.test(url)) return;
      for (const each of [method].flat()) this.routes.push({ method: each, url, scope: config?.scope });
    });
  }

  /** The routes that declare no scope, not even that they are public. */
  undeclared(): string[] {
    return this.routes
      .filter(({ scope }) => scope === undefined)
      .map(({ method, url }) => `${method} ${url}`);
  }
}

@Module({ providers: [RouteRecorder], exports: [RouteRecorder] })
export class RouteRecorderModule {}
