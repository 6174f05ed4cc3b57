import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';

const KEY_ID = 'key-1';
/** Seconds since 1970. */
const YEAR_2100 = 4_102_444_800;

/** The services of a team that the example needs: an identity provider with a JWKS, and a billing service. */
export class TeamServices {
  /** The status that each endpoint answers. */
  readonly status = { jwks: 200, billing: 200 };

  private constructor(
    private readonly server: Server,
    private readonly key: CryptoKey,
    readonly url: string,
  ) {}

  static async start(): Promise<TeamServices> {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: KEY_ID }] });
    const server = createServer((request, response) => {
      const isKeys = request.url === '/jwks';
      response.writeHead(isKeys ? services.status.jwks : services.status.billing).end(isKeys ? jwks : '');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const services = new TeamServices(server, privateKey, `http://127.0.0.1:${port}`);
    return services;
  }

  /** The environment variables of the example. */
  get env(): Record<string, string> {
    return {
      ACME_JWKS_URL: `${this.url}/jwks`,
      ACME_ISSUER: this.url,
      ACME_BILLING_URL: `${this.url}/billing`,
    };
  }

  /** The `Authorization` header of a tenant with all scopes, unless `claims` replaces them. */
  async bearer(tenant: string, claims: JWTPayload = {}, key = this.key): Promise<{ authorization: string }> {
    const scope =
      'conversations:read conversations:write events:append events:read window:read tickets:read tickets:write';
    const payload = {
      iss: this.url,
      aud: 'acme-support',
      sub: 'ada',
      exp: YEAR_2100,
      tenant,
      scope,
      ...claims,
    };
    const token = new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: KEY_ID });
    return { authorization: `Bearer ${await token.sign(key)}` };
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

/** A key that no identity provider of these tests publishes. */
export async function foreignKey(): Promise<CryptoKey> {
  return (await generateKeyPair('ES256')).privateKey;
}
