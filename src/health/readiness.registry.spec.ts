import { describe, expect, it } from '@jest/globals';
import { Injectable, Module, type Type } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { RegisterReadinessIndicator, type ReadinessIndicator } from './readiness-indicator.js';
import { ReadinessRegistry } from './readiness.registry.js';

@Injectable()
@RegisterReadinessIndicator({ name: 'billing' })
class BillingReadiness implements ReadinessIndicator {
  check(): void {
    // always ready
  }
}

@Injectable()
@RegisterReadinessIndicator({ name: 'billing' })
class OtherReadiness extends BillingReadiness {}

@Injectable()
@RegisterReadinessIndicator({ name: '' })
class NamelessReadiness extends BillingReadiness {}

/** The names that the registry of an application with these providers finds. */
async function namesOf(...providers: Type[]): Promise<string[]> {
  @Module({ providers, exports: providers })
  class TeamModule {}

  @Module({ imports: [DiscoveryModule, TeamModule], providers: [ReadinessRegistry] })
  class Root {}

  const app = await NestFactory.createApplicationContext(Root, { logger: false, abortOnError: false });
  const names = app
    .get(ReadinessRegistry)
    .checks()
    .map(({ name }) => name);
  await app.close();
  return names;
}

describe('the registry of readiness indicators', () => {
  it('finds the indicators of other modules', async () => {
    expect(await namesOf()).toEqual([]);
    expect(await namesOf(BillingReadiness)).toEqual(['billing']);
  });

  it('stops the start if two indicators have the same name, and names both classes', async () => {
    await expect(namesOf(BillingReadiness, OtherReadiness)).rejects.toThrow(
      'OtherReadiness and BillingReadiness are both the readiness indicator "billing": rename one of them',
    );
  });

  it('stops the start if an indicator has no name', async () => {
    await expect(namesOf(NamelessReadiness)).rejects.toThrow(
      '@RegisterReadinessIndicator on NamelessReadiness needs a name',
    );
  });
});
