import { Injectable } from '@nestjs/common';
import type { Violation } from '../common/errors/app-error.js';
import type { FieldValidator } from '../common/http/validation/field-validator.js';
import { expectation, SchemaValidator } from '../common/json-schema/schema-validator.js';
import { isObject } from '../common/json/is-object.js';
import { EVENT_RULES, NEW_TURN, REPLACEMENT } from './dto/event.schema.js';
import { hasOtherContent } from './other-content.js';

/**
 * One event: the rules of its schema, and exactly one of `parts` and `content`. Both may be null, empty or absent if the event has
 * content in other fields, as messages of OpenAI Chat may.
 */
@Injectable()
export class EventValidator extends SchemaValidator implements FieldValidator {
  constructor() {
    super(EVENT_RULES, { fieldItemNames: { content: 'parts' } });
  }

  override accepts(value: unknown): boolean {
    return isObject(value) && isGiven(value.parts) !== isGiven(value.content) && super.accepts(value);
  }

  override *violations(value: unknown, path: string): Generator<Violation> {
    if (!isObject(value)) {
      yield* super.violations(value, path);
      return;
    }
    const hasParts = isGiven(value.parts);
    const hasContent = isGiven(value.content);
    if (hasParts && hasContent) {
      yield* super.violations({ ...value, parts: null, content: null }, path);
      yield { path: `${path}.content`, message: 'cannot be combined with parts' };
      return;
    }
    const mayBeEmpty = hasOtherContent(value);
    yield* super.violations(mayBeEmpty ? withoutEmptyLists(value) : value, path);
    if (!hasParts && !hasContent && !mayBeEmpty)
      yield {
        path: `${path}.parts`,
        message: `${expectation(EVENT_RULES.properties.parts, 'parts')}, unless content or tool_calls is given`,
      };
  }
}

/** The event with null for `parts` and `content` that have no items. */
function withoutEmptyLists(event: Record<string, unknown>): Record<string, unknown> {
  const { parts, content } = event;
  return { ...event, parts: nullIfEmpty(parts), content: nullIfEmpty(content) };
}

function nullIfEmpty(list: unknown): unknown {
  return Array.isArray(list) && list.length === 0 ? null : list;
}

/** A turn: 1 to 100 events. */
@Injectable()
export class TurnValidator extends SchemaValidator implements FieldValidator {
  constructor(event: EventValidator) {
    super(NEW_TURN, { itemName: 'events', items: event });
  }
}

/** The replacement of a compacted range: any number of events. */
@Injectable()
export class ReplacementValidator extends SchemaValidator implements FieldValidator {
  constructor(event: EventValidator) {
    super(REPLACEMENT, { itemName: 'events', items: event });
  }
}

function isGiven(field: unknown): boolean {
  return field !== undefined && field !== null;
}
