import { bootstrap } from '@fastpaca/server';
import { AcmeModule } from './acme.module.js';
import { CharacterEstimator } from './character.estimator.js';
import { JwtAuthenticator } from './jwt.authenticator.js';
import { SettingsModule } from './settings.js';

await bootstrap({
  module: AcmeModule,
  tokenEstimator: CharacterEstimator,
  authenticator: JwtAuthenticator,
  imports: [SettingsModule], // what the estimator and the authenticator inject
});
