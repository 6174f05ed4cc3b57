import { Module } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { MessageTokenCounter } from './message-token-counter.js';
import { TiktokenEstimator } from './tiktoken.estimator.js';
import { TOKEN_ESTIMATOR } from './token-estimator.js';

/** Counts tokens. */
@Module({
  providers: [
    {
      provide: TOKEN_ESTIMATOR,
      inject: [AppConfig],
      useFactory: ({ tokenEstimator }: AppConfig) => new TiktokenEstimator(tokenEstimator),
    },
    MessageTokenCounter,
  ],
  exports: [TOKEN_ESTIMATOR, MessageTokenCounter],
})
export class TokensModule {}
