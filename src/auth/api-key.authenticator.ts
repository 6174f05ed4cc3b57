import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import type { Authenticator } from './authenticator.js';
import type { Principal } from './principal.js';

/** The namespace of root keys, and of all requests while no key is configured. */
export const DEFAULT_NAMESPACE = 'default';

const ROOT: Principal = { namespace: DEFAULT_NAMESPACE, scopes: 'all', subject: 'root' };

/** Authenticates by the keys in `FASTPACA_API_KEY`. The default `Authenticator`. */
@Injectable()
export class ApiKeyAuthenticator implements Authenticator {
  /** No key is configured: every request acts as root. */
  readonly isAnonymousAllowed: boolean;
  private readonly digests: readonly Buffer[];

  constructor({ apiKeys }: AppConfig) {
    this.isAnonymousAllowed = apiKeys.length === 0;
    this.digests = apiKeys.map(digest);
  }

  /** Reads `Authorization: Bearer <key>`, the scheme in any case. Undefined if the header has no configured key. */
  authenticate({ authorization }: IncomingHttpHeaders): Principal | undefined {
    if (this.isAnonymousAllowed) return ROOT;
    const [, key] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    if (key === undefined) return undefined;
    // Digests have the same length for every key, and all are compared: the time taken reveals nothing.
    const sent = digest(key);
    let isKnown = false;
    for (const known of this.digests) isKnown = timingSafeEqual(known, sent) || isKnown;
    return isKnown ? ROOT : undefined;
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
