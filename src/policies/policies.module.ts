import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BudgetPolicy, ManualPolicy } from './budget.policy.js';
import { LastNPolicy } from './last-n.policy.js';
import { PolicyRegistry } from './policy.registry.js';
import { SkipPartsPolicy } from './skip-parts.policy.js';
import { StripToolResultsPolicy } from './strip-tool-results.policy.js';
import { TimeWindowPolicy } from './time-window.policy.js';

/** The window policies that come with the service, and the registry that finds others'. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    PolicyRegistry,
    LastNPolicy,
    BudgetPolicy,
    ManualPolicy,
    StripToolResultsPolicy,
    SkipPartsPolicy,
    TimeWindowPolicy,
  ],
  exports: [PolicyRegistry],
})
export class PoliciesModule {}
