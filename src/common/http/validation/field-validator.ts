import type { Type } from '@nestjs/common';
import { Allow } from 'class-validator';
import type { Violation } from '../../errors/app-error.js';

/** Says what is wrong with one field of a body; nothing where it is fine. */
export interface FieldValidator {
  /**
   * Every violation, one after the other: of many, the rest is not asked for.
   *
   * @param text of a verbatim field, its JSON as it was sent
   */
  violations(value: unknown, path: string, text: string): Iterable<Violation>;
}

/** How a body field is looked at, beside the rules of class-validator. */
export interface ValidatedField {
  check: Type<FieldValidator>;
  verbatim: boolean;
}

const CHECKED = Symbol('checked');

/** Has a provider of any module look at a body field too, for a rule that follows from more than the field. */
export function ValidatedBy(check: Type<FieldValidator>): PropertyDecorator {
  return mark({ check, verbatim: false });
}

/**
 * Marks a body field that is not an envelope: it reaches the DTO as `RawJson`, with the caller's own text, after
 * `check`, a provider of any module, found nothing wrong with it.
 */
export function Verbatim(check: Type<FieldValidator>): PropertyDecorator {
  return mark({ check, verbatim: true });
}

function mark(field: ValidatedField): PropertyDecorator {
  return (target, property) => {
    const fields = new Map(validatedFields(target.constructor));
    Reflect.defineMetadata(CHECKED, fields.set(property as string, field), target.constructor);
    Allow()(target, property);
  };
}

/** The fields of a DTO class that are marked so. */
export function validatedFields(dto: object): ReadonlyMap<string, ValidatedField> {
  return (Reflect.getMetadata(CHECKED, dto) as Map<string, ValidatedField> | undefined) ?? new Map();
}
