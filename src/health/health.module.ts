import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DatabaseReadiness } from './database.readiness.js';
import { HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';
import { ReadinessRegistry } from './readiness.registry.js';

/** The probes of the service, and the registry that also finds the readiness indicators of other modules. */
@Module({
  imports: [DiscoveryModule],
  controllers: [HealthController],
  providers: [Readiness, ReadinessRegistry, DatabaseReadiness],
})
export class HealthModule {}
