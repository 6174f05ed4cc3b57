import { Module } from '@nestjs/common';
import { MessageTokenCounter } from './message-token-counter.js';

/** Counts the tokens of messages with the `TOKEN_ESTIMATOR` that `ExtensionsModule` provides. */
@Module({
  providers: [MessageTokenCounter],
  exports: [MessageTokenCounter],
})
export class TokensModule {}
