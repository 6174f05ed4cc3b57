import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { ForbiddenError, UnauthorizedError, UnavailableError } from '../common/errors/common.errors.js';
import { log } from '../common/logging/logger.js';
import { withTimeLimit } from '../common/time-limit.js';
import { AppConfig } from '../config/app-config.js';
import { AUTHENTICATOR, type Authenticator } from './authenticator.js';
import type { Principal } from './principal.js';

/** Decides who a request acts for and whether it may: one rule for HTTP requests and websocket upgrades. */
@Injectable()
export class Authorizer {
  constructor(
    @Inject(AUTHENTICATOR) private readonly authenticator: Authenticator,
    private readonly config: AppConfig,
  ) {}

  /**
   * Not async: API keys are checked without a turn of the event loop.
   *
   * @param scope the scope that the route requires; undefined if any caller that is authenticated may use it
   * @throws UnauthorizedError (401), ForbiddenError (403), UnavailableError (503), or an `AppError` of the authenticator
   */
  authorize(headers: IncomingHttpHeaders, scope: string | undefined): Principal | Promise<Principal> {
    let principal;
    try {
      principal = this.authenticator.authenticate(headers);
    } catch (error) {
      throw authenticationError(error);
    }
    if (!(principal instanceof Promise)) return permitted(principal, scope);
    return this.withinTimeLimit(principal).then((found) => permitted(found, scope));
  }

  private async withinTimeLimit(pending: Promise<Principal | undefined>): Promise<Principal | undefined> {
    const timeout = () => new UnavailableError('The authentication of this request takes too long');
    try {
      return await withTimeLimit(pending, this.config.requestTimeoutMs, timeout);
    } catch (error) {
      throw authenticationError(error);
    }
  }
}

/** @throws UnauthorizedError (401), ForbiddenError (403) */
function permitted(principal: Principal | undefined, scope: string | undefined): Principal {
  if (!principal) throw new UnauthorizedError();
  const { scopes } = principal;
  if (scope !== undefined && scopes !== 'all' && !scopes.has(scope)) throw new ForbiddenError(scope);
  return principal;
}

/** An unexpected error says nothing about the caller: it must not become a 401. */
function authenticationError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  log.error({ err: error }, 'the authenticator failed');
  return new UnavailableError('The request cannot be authenticated at the moment');
}
