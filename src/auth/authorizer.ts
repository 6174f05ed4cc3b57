import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { ForbiddenError, UnauthorizedError } from '../common/errors/common.errors.js';
import { ApiKeys } from './api-keys.js';
import type { Principal } from './principal.js';
import type { Scope } from './scopes.js';

/** Decides who a request acts for and whether it may: one rule for HTTP requests and websocket upgrades. */
@Injectable()
export class Authorizer {
  constructor(private readonly apiKeys: ApiKeys) {}

  /**
   * @param scope the scope that the route requires; undefined if any key is enough
   * @throws UnauthorizedError (401), ForbiddenError (403)
   */
  authorize({ authorization }: IncomingHttpHeaders, scope: Scope | undefined): Principal {
    const principal = this.apiKeys.authenticate(authorization);
    if (!principal) throw new UnauthorizedError();
    if (scope && !principal.scopes.has(scope)) throw new ForbiddenError(scope);
    return principal;
  }
}
