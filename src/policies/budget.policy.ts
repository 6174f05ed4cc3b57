import { Injectable } from '@nestjs/common';
import { PolicyConfigReader } from './policy-config.js';
import { RegisterPolicy, type Selection, type WindowPolicy } from './window-policy.js';

/** Selects all live events; only the budget cuts. */
@Injectable()
@RegisterPolicy({ strategy: 'budget' })
export class BudgetPolicy implements WindowPolicy<void> {
  readonly timeless = true;

  parseConfig(raw: Record<string, unknown>): void {
    new PolicyConfigReader(raw).finish();
  }

  select(): Selection {
    return { fromSeq: 1 };
  }
}

/** The same selection, under the name that says that the client decides when to compact. */
@Injectable()
@RegisterPolicy({ strategy: 'manual' })
export class ManualPolicy extends BudgetPolicy {}
