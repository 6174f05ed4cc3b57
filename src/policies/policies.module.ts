import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { BudgetPolicy, ManualPolicy } from './budget.policy.js';
import { LastNPolicy } from './last-n.policy.js';
import { PolicyRegistry } from './policy.registry.js';
import { SkipPartsPolicy } from './skip-parts.policy.js';
import { StripToolResultsPolicy } from './strip-tool-results.policy.js';
import { TimeWindowPolicy } from './time-window.policy.js';

/** The built-in window policies, and the registry that also finds the policies of other modules. */
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
