import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ReadinessCheck } from './readiness-check.js';
import { RegisterReadinessIndicator, type ReadinessIndicator } from './readiness-indicator.js';

/** The readiness indicators of all modules of the application. */
@Injectable()
export class ReadinessRegistry implements OnModuleInit {
  private readonly byName = new Map<string, ReadinessCheck>();

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws Error an indicator has no name, or two indicators have the same one; the application does not start */
  onModuleInit(): void {
    for (const provider of this.discovery.getProviders({ metadataKey: RegisterReadinessIndicator.KEY })) {
      const { name } = this.discovery.getMetadataByDecorator(RegisterReadinessIndicator, provider) ?? {};
      const indicator = provider.instance as ReadinessIndicator | undefined;
      if (!name || !indicator)
        throw new Error(`@RegisterReadinessIndicator on ${provider.name} needs a name`);
      this.register(name, indicator);
    }
  }

  /** Every indicator, ready to run. */
  checks(): ReadinessCheck[] {
    return [...this.byName.values()];
  }

  private register(name: string, indicator: ReadinessIndicator): void {
    const registered = this.byName.get(name)?.indicator;
    if (registered === indicator) return; // one provider that two modules export
    if (registered) {
      const classes = `${indicator.constructor.name} and ${registered.constructor.name}`;
      throw new Error(`${classes} are both the readiness indicator "${name}": rename one of them`);
    }
    this.byName.set(name, new ReadinessCheck(name, indicator));
  }
}
