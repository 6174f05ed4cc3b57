import { Module, type DynamicModule, type ModuleMetadata, type Provider, type Type } from '@nestjs/common';
import { ApiKeyAuthenticator } from './auth/api-key.authenticator.js';
import { AUTHENTICATOR, type Authenticator } from './auth/authenticator.js';
import { AppConfig } from './config/app-config.js';
import { TiktokenEstimator } from './tokens/tiktoken.estimator.js';
import { TOKEN_ESTIMATOR, type TokenEstimator } from './tokens/token-estimator.js';

/** What an application may replace. Nest builds the classes, so that they may inject providers. */
export interface Replacements {
  /** Counts tokens. Default: tiktoken, as `FASTPACA_TOKEN_ESTIMATOR` says. */
  tokenEstimator?: Type<TokenEstimator>;
  /** Finds out who sends a request. Default: the keys in `FASTPACA_API_KEY`. */
  authenticator?: Type<Authenticator>;
  /** Modules whose exported providers these classes inject. */
  imports?: ModuleMetadata['imports'];
}

/**
 * Provides the implementations of the extension points to every module of Fastpaca. In Nest a provider of one module never
 * replaces a provider of another, so that they are options.
 */
@Module({})
export class ExtensionsModule {
  static forRoot({ tokenEstimator, authenticator, imports = [] }: Replacements): DynamicModule {
    const estimatorProvider: Provider = tokenEstimator
      ? { provide: TOKEN_ESTIMATOR, useClass: tokenEstimator }
      : {
          provide: TOKEN_ESTIMATOR,
          inject: [AppConfig],
          useFactory: (config: AppConfig) => new TiktokenEstimator(config.tokenEstimator),
        };
    return {
      module: ExtensionsModule,
      global: true,
      imports,
      providers: [
        estimatorProvider,
        { provide: AUTHENTICATOR, useClass: authenticator ?? ApiKeyAuthenticator },
      ],
      exports: [TOKEN_ESTIMATOR, AUTHENTICATOR],
    };
  }
}
