import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from './principal.js';

/**
 * Finds out who sends a request. Extension point: `FastpacaModule.forRoot({ authenticator: YourAuthenticator })`, a class
 * that Nest builds. It is called before the body of a request is read, and before a websocket is accepted.
 */
export interface Authenticator {
  /**
   * May ask a database or another service; the service answers 503 if that takes longer than
   * `FASTPACA_REQUEST_TIMEOUT_MS`.
   *
   * @param headers as Node.js gives them: names in lower case
   * @returns undefined if the headers do not authenticate anybody: the response is 401
   * @throws UnavailableError (503) if it is not known whether they do, for example because a key server is down; another
   *   `AppError` becomes its own response, any other error is logged and becomes 503
   */
  authenticate(headers: IncomingHttpHeaders): Principal | undefined | Promise<Principal | undefined>;
  /**
   * Whether requests without credentials are accepted too. Then the service checks `Host` and `Origin`, because any web page
   * can send such requests. Default: false.
   */
  readonly isAnonymousAllowed?: boolean;
}

/** Injection token of the `Authenticator` in use. */
export const AUTHENTICATOR = Symbol('AUTHENTICATOR');
