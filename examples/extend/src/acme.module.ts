import { Module } from '@nestjs/common';
import { AboutController } from './about.controller.js';
import { ActivityModule } from './activity/activity.module.js';
import { BillingReadiness } from './billing.readiness.js';
import { RolesPolicy } from './roles.policy.js';
import { SettingsModule } from './settings.js';
import { TicketsModule } from './tickets/tickets.module.js';

@Module({
  imports: [SettingsModule, ActivityModule, TicketsModule],
  controllers: [AboutController],
  providers: [RolesPolicy, BillingReadiness],
})
export class AcmeModule {}
