import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { canonicalHost, hostName, isLoopback } from '../common/http/origin.js';
import { AppConfig } from '../config/app-config.js';
import { HostNotAllowedError, OriginNotAllowedError } from './auth.errors.js';
import { AUTHENTICATOR, type Authenticator } from './authenticator.js';

/** What a page of an allowed origin may send, and may read in a response, beyond what CORS allows every page. */
const CORS_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const CORS_REQUEST_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Request-Id';
const CORS_RESPONSE_HEADERS = 'ETag, Retry-After, X-Request-Id';
/** How long a browser may cache the response to a preflight, in seconds. This is Chromium's own limit. */
const CORS_MAX_AGE_SECONDS = 7200;

/**
 * Decides from the headers alone which web pages may use the service: one rule for HTTP requests and websocket upgrades.
 * See docs/decisions/012.
 */
@Injectable()
export class BrowserAccess {
  private readonly hosts: ReadonlySet<string | undefined>;
  private readonly origins: ReadonlySet<string>;
  /** Most requests have the same `Host`. */
  private lastAllowedHost?: string;

  constructor(
    @Inject(AUTHENTICATOR) private readonly authenticator: Authenticator,
    { host, allowedHosts, allowedOrigins }: AppConfig,
  ) {
    this.hosts = new Set([canonicalHost(host), ...allowedHosts]);
    this.origins = new Set(allowedOrigins);
  }

  /**
   * Without an API key, `Host` must be loopback, HOST or allowed, because a page can point its own host name at this
   * machine, and `Origin` must be the service's own or allowed. With a key, a foreign page
   * needs a preflight for every HTTP request that sends it. Websockets have no preflight, so their `Origin` is always checked.
   *
   * @throws HostNotAllowedError, OriginNotAllowedError (403)
   */
  assertAllowed({ host, origin }: IncomingHttpHeaders, transport: 'http' | 'websocket'): void {
    const { isAnonymousAllowed = false } = this.authenticator;
    if (isAnonymousAllowed && host !== undefined && !this.isAllowedHost(host)) {
      throw new HostNotAllowedError();
    }
    const isOriginChecked = isAnonymousAllowed || transport === 'websocket';
    if (isOriginChecked && origin !== undefined && !isOwnOrigin(origin, host) && !this.origins.has(origin)) {
      throw new OriginNotAllowedError();
    }
  }

  /** The headers that let the browser show a response to the page, if its origin is allowed; undefined if no origin is. */
  corsHeaders({ origin }: IncomingHttpHeaders): Record<string, string> | undefined {
    if (this.origins.size === 0) return undefined;
    if (origin === undefined || !this.origins.has(origin)) return { vary: 'Origin' };
    return {
      vary: 'Origin',
      'access-control-allow-origin': origin,
      'access-control-expose-headers': CORS_RESPONSE_HEADERS,
    };
  }

  /** The headers of the response to a preflight; undefined for any other request, and for an origin that is not allowed. */
  preflightHeaders(method: string, headers: IncomingHttpHeaders): Record<string, string> | undefined {
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return undefined;
    if (headers.origin === undefined || !this.origins.has(headers.origin)) return undefined;
    return {
      'access-control-allow-methods': CORS_METHODS,
      'access-control-allow-headers': CORS_REQUEST_HEADERS,
      'access-control-max-age': String(CORS_MAX_AGE_SECONDS),
    };
  }

  private isAllowedHost(host: string): boolean {
    if (host === this.lastAllowedHost) return true;
    const name = hostName(host);
    const isAllowed = isLoopback(name) || this.hosts.has(name);
    if (isAllowed) this.lastAllowedHost = host;
    return isAllowed;
  }
}

/** Whether a page of `origin` was served by this service, such as the one at `/docs`. */
function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
