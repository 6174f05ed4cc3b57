import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppConfig } from '../config/app-config.js';
import { ConfigModule } from '../config/config.module.js';
import { ExtensionsModule } from '../extensions.module.js';
import { MessageTokenCounter } from './message-token-counter.js';
import { TiktokenEstimator } from './tiktoken.estimator.js';
import { TOKEN_ESTIMATOR } from './token-estimator.js';
import { TokensModule } from './tokens.module.js';

@Injectable()
class Importer {
  constructor(readonly tokens: MessageTokenCounter) {}
}

@Module({
  imports: [
    ConfigModule.forRoot(AppConfig.fromEnvironment({ FASTPACA_TOKEN_ESTIMATOR: 'tiktoken:gpt2' })),
    ExtensionsModule.forRoot({}),
    TokensModule,
  ],
  providers: [Importer],
})
class ImportingModule {}

describe('TokensModule', () => {
  it('provides the configured estimator to an importing module', async () => {
    const app = await NestFactory.createApplicationContext(ImportingModule, { logger: false });
    expect(app.get(TOKEN_ESTIMATOR)).toBeInstanceOf(TiktokenEstimator);
    const text = 'antidisestablishmentarianism';
    const count = await app.get(Importer).tokens.count('user', [{ texts: [text] }]);
    expect(count).toEqual({ total: 3 + 1 + 5, items: [5] });
    await app.close();
  });

  it('gets a configuration that rejects an unknown estimator', () => {
    expect(() => AppConfig.fromEnvironment({ FASTPACA_TOKEN_ESTIMATOR: 'tiktoken:nothing' })).toThrow(
      /FASTPACA_TOKEN_ESTIMATOR must be tiktoken:<encoding or model>, one of: .*\bgpt-4o\b/,
    );
  });
});
