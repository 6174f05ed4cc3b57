import { Injectable, Module } from '@nestjs/common';

/** The settings of this application. Those of Fastpaca are in `AppConfig`. */
@Injectable()
export class Settings {
  /** The public keys of the identity provider. */
  readonly jwksUrl = new URL(required('ACME_JWKS_URL'));
  readonly issuer = required('ACME_ISSUER');
  readonly billingUrl = new URL(required('ACME_BILLING_URL'));
  readonly charactersPerToken = 4;
  /** Only for the host application in src/host. */
  readonly databaseUrl = process.env.ACME_DATABASE_URL;
}

@Module({ providers: [Settings], exports: [Settings] })
export class SettingsModule {}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
