import { RegisterReadinessIndicator, type ReadinessIndicator } from '@fastpaca/server';
import { Injectable } from '@nestjs/common';
import { Settings } from './settings.js';

/** Not ready while the billing service does not answer. */
@Injectable()
@RegisterReadinessIndicator({ name: 'billing' })
export class BillingReadiness implements ReadinessIndicator {
  constructor(private readonly settings: Settings) {}

  async check(): Promise<void> {
    const { ok, status } = await fetch(this.settings.billingUrl);
    if (!ok) throw new Error(`the billing service answers ${status}`);
  }
}
