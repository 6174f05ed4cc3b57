import { applyDecorators } from '@nestjs/common';
import { IsOptional, ValidateBy } from 'class-validator';
import { idViolation } from '../../conversation-id.js';

/**
 * An integer from `min` to `max`, both inclusive; the defaults are the integers that a JSON number represents exactly. With
 * `Infinity` there is no upper limit: the code that applies an "at most" rule clamps the value.
 */
export function IsIntegerIn(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): PropertyDecorator {
  return ValidateBy({
    name: 'isIntegerIn',
    validator: {
      validate: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
      defaultMessage: (args) => `${args?.property ?? ''} must be an integer${range(min, max)}`,
    },
  });
}

function range(min: number, max: number): string {
  if (max === Infinity) return ` of at least ${min}`;
  return min === -Infinity ? ` of at most ${max}` : ` from ${min} to ${max}`;
}

export function OptionalIntegerIn(min?: number, max?: number): PropertyDecorator {
  return applyDecorators(IsOptional(), IsIntegerIn(min, max));
}

/** A string that is valid as a conversation id or an idempotency key, see `idViolation`. */
export function IsKey(): PropertyDecorator {
  return ValidateBy({
    name: 'isKey',
    validator: {
      validate: (value) => typeof value === 'string' && idViolation(value) === undefined,
      defaultMessage: (args) =>
        `${args?.property ?? ''} ${typeof args?.value === 'string' ? idViolation(args.value) : 'must be a string'}`,
    },
  });
}

/** One of these strings. The violation lists them. */
export function OptionalOneOf(values: readonly string[]): PropertyDecorator {
  const isOneOf = ValidateBy({
    name: 'isOneOf',
    validator: {
      validate: (value) => typeof value === 'string' && values.includes(value),
      defaultMessage: (args) => `${args?.property ?? ''} must be one of ${values.join(', ')}`,
    },
  });
  return applyDecorators(IsOptional(), isOneOf);
}
