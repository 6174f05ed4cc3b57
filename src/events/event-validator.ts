import { Injectable } from '@nestjs/common';
import type { ErrorDetail } from '../common/errors/app-error.js';
import type { BodyCheck } from '../common/http/validation/field-validator.js';

export const ROLES = ['system', 'developer', 'user', 'assistant', 'tool'] as const;

/** Most events of one turn. */
export const MAX_TURN_SIZE = 100;
/** What the column holds. */
const MAX_TOKEN_COUNT = 2_147_483_647;

/**
 * The rules of one event. They are lenient: what they do not name is stored as it came. `null` counts as absent.
 */
@Injectable()
export class EventCheck implements BodyCheck {
  *faults(value: unknown, path: string): Generator<ErrorDetail> {
    if (!isObject(value)) {
      yield { path, message: 'must be an object' };
      return;
    }
    const fault = (field: string, message: string) => ({ path: `${path}.${field}`, message });
    const { role, parts, content, id, metadata, token_count: tokenCount } = value;

    if (!(ROLES as readonly unknown[]).includes(role))
      yield fault('role', `must be one of ${ROLES.join(', ')}`);
    if (isGiven(parts) && isGiven(content)) yield fault('content', 'must not be given beside parts');
    else if (isGiven(content)) {
      if (typeof content !== 'string')
        yield fault('content', 'must be a string; give anything else as parts');
    } else yield* partsFaults(parts, `${path}.parts`);
    if (isGiven(id) && typeof id !== 'string') yield fault('id', 'must be a string');
    if (isGiven(metadata) && !isObject(metadata)) yield fault('metadata', 'must be an object');
    if (isGiven(tokenCount) && !isCount(tokenCount)) {
      yield fault('token_count', `must be an integer from 0 to ${MAX_TOKEN_COUNT}`);
    }
  }
}

/** A turn: 1 to 100 events. */
@Injectable()
export class TurnCheck implements BodyCheck {
  constructor(private readonly event: EventCheck) {}

  faults(value: unknown, path: string): Generator<ErrorDetail> {
    return listFaults(value, path, MAX_TURN_SIZE, this.event);
  }
}

/** What takes the place of a compacted range: one event or more, as many as the body holds. */
@Injectable()
export class ReplacementCheck implements BodyCheck {
  constructor(private readonly event: EventCheck) {}

  faults(value: unknown, path: string): Generator<ErrorDetail> {
    return listFaults(value, path, Infinity, this.event);
  }
}

function* listFaults(value: unknown, path: string, most: number, check: EventCheck): Generator<ErrorDetail> {
  if (!Array.isArray(value) || value.length === 0 || value.length > most) {
    const size = most === Infinity ? 'one event or more' : `1 to ${most} events`;
    yield { path, message: `must be a list of ${size}` };
    return;
  }
  for (const [index, event] of value.entries()) yield* check.faults(event, `${path}[${index}]`);
}

function* partsFaults(parts: unknown, path: string): Generator<ErrorDetail> {
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TOKEN_COUNT;
}
