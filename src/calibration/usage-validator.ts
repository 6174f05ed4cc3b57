import { Injectable } from '@nestjs/common';
import type { Violation } from '../common/errors/app-error.js';
import { unknownFields } from '../common/errors/violations.js';
import { idViolation } from '../common/conversation-id.js';
import type { FieldValidator } from '../common/http/validation/field-validator.js';
import { isObject } from '../common/json/is-object.js';

const FIELDS = ['model', 'window_version', 'input_tokens'];

/** A usage report: `{model, window_version, input_tokens}` without other fields. */
@Injectable()
export class UsageValidator implements FieldValidator {
  violations(value: unknown, path: string): Violation[] {
    if (!isObject(value)) return [{ path, message: 'must be an object' }];
    return [...unknownFields(value, FIELDS, path), ...fieldViolations(value, path)];
  }
}

function* fieldViolations(usage: Record<string, unknown>, path: string): Generator<Violation> {
  const { model, window_version: windowVersion, input_tokens: inputTokens } = usage;
  const modelViolation = typeof model === 'string' ? idViolation(model) : 'must be a string';
  if (modelViolation) yield { path: `${path}.model`, message: modelViolation };
  if (!isIntegerFrom(0, windowVersion))
    yield { path: `${path}.window_version`, message: 'must be an integer of at least 0' };
  if (!isIntegerFrom(1, inputTokens))
    yield { path: `${path}.input_tokens`, message: 'must be an integer of at least 1' };
}

function isIntegerFrom(min: number, value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min;
}
