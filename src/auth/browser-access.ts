import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { canonicalHost, hostName, isLoopback } from '../common/http/origin.js';
import { AppConfig } from '../config/app-config.js';
import { ApiKeys } from './api-keys.js';
import { HostNotAllowedError, OriginNotAllowedError } from './auth.errors.js';

/** What a page of an allowed origin may send, and read of an answer, beyond what every page may. */
const CORS_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const CORS_REQUEST_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, X-Request-Id';
const CORS_ANSWER_HEADERS = 'ETag, Retry-After, X-Request-Id';
/** How long a browser may remember the answer to a preflight, in seconds. Chromium's own limit. */
const CORS_MAX_AGE = 7200;

/**
 * Which web pages may use the service: one rule for HTTP requests and websocket upgrades, decided from the headers
 * alone. See docs/decisions/012.
 */
@Injectable()
export class BrowserAccess {
  private readonly hosts: ReadonlySet<string | undefined>;
  private readonly origins: ReadonlySet<string>;

  constructor(
    private readonly apiKeys: ApiKeys,
    { host, allowedHosts, allowedOrigins }: AppConfig,
  ) {
    this.hosts = new Set([canonicalHost(host), ...allowedHosts]);
    this.origins = new Set(allowedOrigins);
  }

  /**
   * Without an API key, `Host` must be loopback, HOST or allowed, since a page can make its own host name point to
   * this machine, and `Origin` must be the service's own or allowed. With a key, no page gets at anything over HTTP
   * without a preflight; a websocket has none, so its `Origin` is checked all the same.
   *
   * @throws HostNotAllowedError, OriginNotAllowedError (403)
   */
  check({ host, origin }: IncomingHttpHeaders, transport: 'http' | 'websocket'): void {
    const { isOpen } = this.apiKeys;
    if (isOpen && host !== undefined && !this.isAllowedHost(host)) throw new HostNotAllowedError();
    const isChecked = isOpen || transport === 'websocket';
    if (isChecked && origin !== undefined && !isOwn(origin, host) && !this.origins.has(origin)) {
      throw new OriginNotAllowedError();
    }
  }

  /** With these headers the browser hands the answer to a page of `origin`, if that is allowed. */
  answerHeaders({ origin }: IncomingHttpHeaders): Record<string, string> | undefined {
    if (this.origins.size === 0) return undefined;
    if (origin === undefined || !this.origins.has(origin)) return { vary: 'Origin' };
    return {
      vary: 'Origin',
      'access-control-allow-origin': origin,
      'access-control-expose-headers': CORS_ANSWER_HEADERS,
    };
  }

  /** The answer to the browser's question whether a page may send a request; undefined for any other request, and for a page that may not. */
  preflightHeaders(method: string, headers: IncomingHttpHeaders): Record<string, string> | undefined {
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return undefined;
    if (headers.origin === undefined || !this.origins.has(headers.origin)) return undefined;
    return {
      'access-control-allow-methods': CORS_METHODS,
      'access-control-allow-headers': CORS_REQUEST_HEADERS,
      'access-control-max-age': String(CORS_MAX_AGE),
    };
  }

  private isAllowedHost(host: string): boolean {
    const name = hostName(host);
    return isLoopback(name) || this.hosts.has(name);
  }
}

/** Whether a page of `origin` came from this very service, as the one at `/docs`. */
function isOwn(origin: string, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
