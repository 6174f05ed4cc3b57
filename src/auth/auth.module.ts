import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiKeys } from './api-keys.js';
import { Authorizer } from './authorizer.js';
import { BrowserAccess } from './browser-access.js';

/**
 * Authorizes every request, except on routes that are declared public and on unknown paths outside `/v1`. It is a Fastify
 * hook and not a Nest guard, because guards run after the body has been read.
 */
@Module({ providers: [ApiKeys, Authorizer, BrowserAccess], exports: [Authorizer, BrowserAccess] })
export class AuthModule implements OnModuleInit {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly authorizer: Authorizer,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', (request, _reply, done) => {
      try {
        this.authorize(request);
        done();
      } catch (error) {
        done(error as Error);
      }
    });
  }

  private authorize(request: FastifyRequest): void {
    const { scope } = request.routeOptions.config;
    if (scope === 'public' || (scope === undefined && !/^\/v1(\/|$|\?)/.test(request.url))) return;
    request.principal = this.authorizer.authorize(request.headers, scope);
  }
}
