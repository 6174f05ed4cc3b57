import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import type { Principal } from './principal.js';
import { SCOPES } from './scopes.js';

/** The namespace of a root key, and of everybody while no key is configured. */
export const DEFAULT_NAMESPACE = 'default';

const ROOT: Principal = { namespace: DEFAULT_NAMESPACE, scopes: new Set(SCOPES) };

/** Knows which key stands for whom. */
@Injectable()
export class ApiKeys {
  /** No key is configured: everybody who reaches the service may do everything. */
  readonly isOpen: boolean;
  private readonly digests: readonly Buffer[];

  constructor({ apiKeys }: AppConfig) {
    this.isOpen = apiKeys.length === 0;
    this.digests = apiKeys.map(digest);
  }

  /**
   * @param authorization the header `Authorization`: `Bearer <key>`, the scheme in any case
   * @returns undefined if no key of ours is in it
   */
  principal(authorization: string | undefined): Principal | undefined {
    if (this.isOpen) return ROOT;
    const [, key] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    if (key === undefined) return undefined;
    // Digests are of one length whatever was sent, and all of them are compared: the time taken tells nothing.
    const sent = digest(key);
    let found = false;
    for (const known of this.digests) found = timingSafeEqual(known, sent) || found;
    return found ? ROOT : undefined;
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
