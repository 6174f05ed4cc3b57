import { Injectable } from '@nestjs/common';
import type { Violation } from '../common/errors/app-error.js';
import { InvalidPayloadError } from '../common/errors/common.errors.js';
import { unknownFields } from '../common/errors/violations.js';
import type { FieldValidator } from '../common/http/validation/field-validator.js';
import { isObject } from '../common/json/is-object.js';
import { compactJson } from '../common/json/json-scanner.js';
import { ConversationsService } from './conversations.service.js';
import { sizeViolations } from './metadata.js';
import { PolicyRegistry } from '../policies/policy.registry.js';

const FIELDS = ['strategy', 'config', 'trigger_ratio'];

/** A policy: `{strategy, config?, trigger_ratio?}` without other fields, and a config that the policy accepts. */
@Injectable()
export class PolicyValidator implements FieldValidator {
  constructor(private readonly policies: PolicyRegistry) {}

  *violations(value: unknown, path: string): Generator<Violation> {
    if (!isObject(value)) {
      yield { path, message: 'must be an object' };
      return;
    }
    yield* unknownFields(value, FIELDS, path);
    const { strategy, trigger_ratio: ratio } = value;
    const config = value.config ?? {};
    if (!isRatio(ratio)) yield { path: `${path}.trigger_ratio`, message: RATIO_RULE };
    if (typeof strategy !== 'string') yield { path: `${path}.strategy`, message: 'must be a string' };
    if (!isObject(config)) {
      yield { path: `${path}.config`, message: 'must be an object' };
      return;
    }
    if (!isRatio(config.trigger_ratio)) yield { path: `${path}.config.trigger_ratio`, message: RATIO_RULE };
    if (typeof strategy === 'string') yield* this.configViolations(strategy, config);
  }

  private configViolations(strategy: string, config: Record<string, unknown>): Violation[] {
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
export class MetadataValidator implements FieldValidator {
  violations(value: unknown, path: string, text: string): Violation[] {
    return isObject(value) ? sizeViolations(compactJson(text)) : [{ path, message: 'must be an object' }];
  }
}

/** A patch of metadata: an object. The size of the merged metadata is checked when the patch is applied. */
@Injectable()
export class MetadataPatchValidator implements FieldValidator {
  violations(value: unknown, path: string): Violation[] {
    return isObject(value) ? [] : [{ path, message: 'must be an object' }];
  }
}

/** A token budget of at most the server's maximum. */
@Injectable()
export class TokenBudgetValidator implements FieldValidator {
  constructor(private readonly conversations: ConversationsService) {}

  violations(value: unknown): Violation[] {
    return Number.isInteger(value) ? this.conversations.budgetViolations(value as number) : [];
  }
}

export const RATIO_RULE = 'must be a number above 0 and at most 1';

/** Absent and null are valid; a number must be in range. */
function isRatio(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'number' && value > 0 && value <= 1);
}
