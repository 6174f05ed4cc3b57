import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ForbiddenError, UnauthorizedError } from '../common/errors/common.errors.js';
import { ApiKeys } from './api-keys.js';
import { BrowserAccess } from './browser-access.js';

/**
 * Guards every route that does not declare itself public, and every unknown path under `/v1`. A Fastify hook and not a
 * Nest guard: guards run after the body has been read.
 */
@Module({ providers: [ApiKeys, BrowserAccess], exports: [ApiKeys, BrowserAccess] })
export class AuthModule implements OnModuleInit {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly apiKeys: ApiKeys,
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
    const principal = this.apiKeys.principal(request.headers.authorization);
    if (!principal) throw new UnauthorizedError();
    if (scope && !principal.scopes.has(scope)) throw new ForbiddenError(scope);
    request.principal = principal;
  }
}
