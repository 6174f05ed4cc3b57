import type { IncomingHttpHeaders } from 'node:http';
import { UnavailableError, type Authenticator, type Principal } from '@fastpaca/server';
import { Injectable } from '@nestjs/common';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { Settings } from './settings.js';

/** jose throws these errors for a token that is malformed, expired, not for this service, or not by the issuer. */
const REJECTED_TOKEN = [
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

/** Authenticates by a JWT of the identity provider: `tenant` is the namespace, `scope` lists the scopes. */
@Injectable()
export class JwtAuthenticator implements Authenticator {
  private readonly keys: JWTVerifyGetKey;

  constructor(private readonly settings: Settings) {
    this.keys = createRemoteJWKSet(settings.jwksUrl);
  }

  /** @throws UnavailableError (503) the keys of the identity provider cannot be read */
  async authenticate({ authorization }: IncomingHttpHeaders): Promise<Principal | undefined> {
    const [, token] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    if (token === undefined) return undefined;
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        issuer: this.settings.issuer,
        audience: 'acme-support',
        algorithms: ['ES256'],
        requiredClaims: ['exp', 'sub', 'tenant', 'scope'],
      });
      return principalOf(payload);
    } catch (error) {
      if (REJECTED_TOKEN.some((rejection) => error instanceof rejection)) return undefined;
      throw new UnavailableError('The keys of the identity provider cannot be read', { cause: error });
    }
  }
}

function principalOf({ tenant, scope, sub }: JWTPayload): Principal | undefined {
  if (typeof tenant !== 'string' || tenant === '' || typeof scope !== 'string') return undefined;
  return { namespace: tenant, scopes: new Set(scope.split(' ')), subject: sub };
}
