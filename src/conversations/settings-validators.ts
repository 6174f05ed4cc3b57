import { Injectable } from '@nestjs/common';
import type { ErrorDetail } from '../common/errors/app-error.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import type { BodyCheck } from '../common/http/validation/field-validator.js';
import { compactJson } from '../common/json/json-scanner.js';
import { ConversationsService } from './conversations.service.js';
import { sizeFaults } from './metadata.js';
import { PolicyRegistry } from '../policies/policy.registry.js';

const FIELDS = ['strategy', 'config', 'trigger_ratio'];

/** A policy: `{strategy, config?, trigger_ratio?}`, strict, with a config that its policy accepts. */
@Injectable()
export class PolicyCheck implements BodyCheck {
  constructor(private readonly policies: PolicyRegistry) {}

  *faults(value: unknown, path: string): Generator<ErrorDetail> {
    if (!isObject(value)) {
      yield { path, message: 'must be an object' };
      return;
    }
    for (const name of Object.keys(value)) {
      if (!FIELDS.includes(name))
        yield { path: `${path}.${name.slice(0, 100)}`, message: 'is not a known field' };
    }
    const { strategy, trigger_ratio: ratio } = value;
    const config = value.config ?? {};
    if (!isRatio(ratio)) yield { path: `${path}.trigger_ratio`, message: RATIO_RULE };
    if (typeof strategy !== 'string') yield { path: `${path}.strategy`, message: 'must be a string' };
    if (!isObject(config)) {
      yield { path: `${path}.config`, message: 'must be an object' };
      return;
    }
    if (!isRatio(config.trigger_ratio)) yield { path: `${path}.config.trigger_ratio`, message: RATIO_RULE };
    if (typeof strategy === 'string') yield* this.configFaults(strategy, config);
  }

  private configFaults(strategy: string, config: Record<string, unknown>): ErrorDetail[] {
    try {
      this.policies.configure(strategy, config);
      return [];
    } catch (error) {
      if (error instanceof InvalidPayloadError) return error.details;
      throw error;
    }
  }
}

/** Metadata of a conversation: an object of at most 64 KiB. */
@Injectable()
export class MetadataCheck implements BodyCheck {
  faults(value: unknown, path: string, text: string): ErrorDetail[] {
    return isObject(value) ? sizeFaults(compactJson(text)) : [{ path, message: 'must be an object' }];
  }
}

/** What is merged into metadata: an object; how large the whole gets is known only then. */
@Injectable()
export class MetadataPatchCheck implements BodyCheck {
  faults(value: unknown, path: string): ErrorDetail[] {
    return isObject(value) ? [] : [{ path, message: 'must be an object' }];
  }
}

/** A token budget under the server's ceiling. */
@Injectable()
export class TokenBudgetCheck implements BodyCheck {
  constructor(private readonly conversations: ConversationsService) {}

  faults(value: unknown): ErrorDetail[] {
    return Number.isInteger(value) ? this.conversations.budgetFaults(value as number) : [];
  }
}

export const RATIO_RULE = 'must be a number above 0 and at most 1';

/** Absent and null are fine; a number must be in range. */
function isRatio(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'number' && value > 0 && value <= 1);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
