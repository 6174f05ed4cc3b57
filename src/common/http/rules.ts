import { applyDecorators } from '@nestjs/common';
import { IsOptional, ValidateBy } from 'class-validator';
import { idFault } from '../conversation-id.js';

/** An integer from `min` to `max`, both inclusive and by default as far as a JSON number is exact. */
export function IsIntegerIn(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): PropertyDecorator {
  const range =
    max === Number.MAX_SAFE_INTEGER
      ? min === Number.MIN_SAFE_INTEGER
        ? ''
        : ` of at least ${min}`
      : ` from ${min} to ${max}`;
  return ValidateBy({
    name: 'isIntegerIn',
    validator: {
      validate: (value) =>
        Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
      defaultMessage: (args) => `${args?.property ?? ''} must be an integer${range}`,
    },
  });
}

export function OptionalIntegerIn(min?: number, max?: number): PropertyDecorator {
  return applyDecorators(IsOptional(), IsIntegerIn(min, max));
}

/** A string that may name something: as a conversation id, see `idFault`. */
export function IsKey(): PropertyDecorator {
  return ValidateBy({
    name: 'isKey',
    validator: {
      validate: (value) => typeof value === 'string' && idFault(value) === undefined,
      defaultMessage: (args) =>
        `${args?.property ?? ''} ${typeof args?.value === 'string' ? idFault(args.value) : 'must be a string'}`,
    },
  });
}
