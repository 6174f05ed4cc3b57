import type { Type } from '@nestjs/common';
import { Allow } from 'class-validator';
import type { Violation } from '../../errors/app-error.js';

/** A provider that validates one field of a body, when class-validator's decorators are not enough. */
export interface FieldValidator {
  /** A faster way to find out that a valid value has no violations; false if that is not known. */
  accepts?(value: unknown): boolean;
  /**
   * All violations, found lazily: the caller stops when it has enough.
   *
   * @param value the field's value; never null or undefined
   * @param path the field's name, with which every violation's path starts
   * @param text JSON text of a `@Verbatim` field; otherwise empty
   */
  violations(value: unknown, path: string, text: string): Iterable<Violation>;
}

/** How `BodyValidationPipe` treats a decorated field, in addition to class-validator's rules. */
export type FieldValidation =
  | { validator: Type<FieldValidator>; verbatim: boolean }
  /** The field is bound to a DTO of its own, from its JSON text. */
  | { dto: Type; verbatim: true };

const FIELD_VALIDATIONS = Symbol('field validations');

/** Validates the field with a provider of any module, in addition to class-validator's rules. */
export function ValidatedBy(validator: Type<FieldValidator>): PropertyDecorator {
  return addFieldValidation({ validator, verbatim: false });
}

/**
 * Passes the field to the DTO as `RawJson`: its value and its JSON text as sent, with unknown fields, key order and number
 * spelling. `validator`, a provider of any module, decides which values are valid.
 */
export function Verbatim(validator: Type<FieldValidator>): PropertyDecorator {
  return addFieldValidation({ validator, verbatim: true });
}

/** Validates the field, an object, as a DTO of its own, and passes that to the DTO. Violations name `field.name`. */
export function Nested(dto: Type): PropertyDecorator {
  return addFieldValidation({ dto, verbatim: true });
}

function addFieldValidation(validation: FieldValidation): PropertyDecorator {
  return (target, property) => {
    const validations = new Map(fieldValidationsOf(target.constructor));
    validations.set(property as string, validation);
    Reflect.defineMetadata(FIELD_VALIDATIONS, validations, target.constructor);
    Allow()(target, property);
  };
}

/** The decorated fields of a DTO class, by name. */
export function fieldValidationsOf(dtoClass: object): ReadonlyMap<string, FieldValidation> {
  const validations: unknown = Reflect.getMetadata(FIELD_VALIDATIONS, dtoClass);
  return (validations as Map<string, FieldValidation> | undefined) ?? new Map();
}
