import { AppConfig, FastpacaModule } from '@fastpaca/server';
import { ConsoleLogger, Module } from '@nestjs/common';
import { AcmeModule } from '../acme.module.js';
import { CharacterEstimator } from '../character.estimator.js';
import { JwtAuthenticator } from '../jwt.authenticator.js';
import { Settings, SettingsModule } from '../settings.js';
import { TicketsModule } from '../tickets/tickets.module.js';
import { OrdersController } from './orders.controller.js';

@Module({
  imports: [
    FastpacaModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: ({ databaseUrl }: Settings) =>
        AppConfig.fromEnvironment({ ...process.env, DATABASE_URL: databaseUrl }),
      tokenEstimator: CharacterEstimator,
      authenticator: JwtAuthenticator,
      guardedModules: [TicketsModule],
      path: 'fastpaca', // before the routes of Fastpaca, not before those of the team
      logger: new ConsoleLogger({ json: true }),
    }),
    AcmeModule,
  ],
  controllers: [OrdersController],
})
export class HostModule {}
