import { Injectable } from '@nestjs/common';
import type { Violation } from '../common/errors/app-error.js';
import type { FieldValidator } from '../common/http/validation/field-validator.js';
import { isObject } from '../common/json/is-object.js';

export const ROLES = ['system', 'developer', 'user', 'assistant', 'tool'] as const;

/** Most events of one turn. */
export const MAX_TURN_SIZE = 100;
/** What the column holds. */
const MAX_TOKEN_COUNT = 2_147_483_647;

/**
 * The rules of one event. They are lenient: what they do not name is stored as it came. `null` counts as absent.
 */
@Injectable()
export class EventValidator implements FieldValidator {
  *violations(value: unknown, path: string): Generator<Violation> {
    if (!isObject(value)) {
      yield { path, message: 'must be an object' };
      return;
    }
    const at = (field: string, message: string) => ({ path: `${path}.${field}`, message });
    const { role, parts, content, id, metadata, token_count: tokenCount } = value;

    if (!(ROLES as readonly unknown[]).includes(role)) yield at('role', `must be one of ${ROLES.join(', ')}`);
    if (isGiven(parts) && isGiven(content)) yield at('content', 'must not be given beside parts');
    else if (isGiven(content)) {
      if (typeof content !== 'string') yield at('content', 'must be a string; give anything else as parts');
    } else yield* partsViolations(parts, `${path}.parts`);
    if (isGiven(id) && typeof id !== 'string') yield at('id', 'must be a string');
    if (isGiven(metadata) && !isObject(metadata)) yield at('metadata', 'must be an object');
    if (isGiven(tokenCount) && !isCount(tokenCount)) {
      yield at('token_count', `must be an integer from 0 to ${MAX_TOKEN_COUNT}`);
    }
  }
}

/** A turn: 1 to 100 events. */
@Injectable()
export class TurnValidator implements FieldValidator {
  constructor(private readonly event: EventValidator) {}

  violations(value: unknown, path: string): Generator<Violation> {
    return listViolations(value, path, MAX_TURN_SIZE, this.event);
  }
}

/** What takes the place of a compacted range: one event or more, as many as the body holds. */
@Injectable()
export class ReplacementValidator implements FieldValidator {
  constructor(private readonly event: EventValidator) {}

  violations(value: unknown, path: string): Generator<Violation> {
    return listViolations(value, path, Infinity, this.event);
  }
}

function* listViolations(
  value: unknown,
  path: string,
  most: number,
  check: EventValidator,
): Generator<Violation> {
  if (!Array.isArray(value) || value.length === 0 || value.length > most) {
    const size = most === Infinity ? 'one event or more' : `1 to ${most} events`;
    yield { path, message: `must be a list of ${size}` };
    return;
  }
  for (const [index, event] of value.entries()) yield* check.violations(event, `${path}[${index}]`);
}

function* partsViolations(parts: unknown, path: string): Generator<Violation> {
  if (!Array.isArray(parts) || parts.length === 0) {
    yield { path, message: 'must be a list of one part or more' };
    return;
  }
  for (const [index, part] of parts.entries() as ArrayIterator<[number, unknown]>) {
    if (!isObject(part)) yield { path: `${path}[${index}]`, message: 'must be an object' };
    else if (typeof part.type !== 'string')
      yield { path: `${path}[${index}].type`, message: 'must be a string' };
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TOKEN_COUNT;
}
