import type { Type } from '@nestjs/common';
import { Allow } from 'class-validator';
import type { ErrorDetail } from '../errors/app-error.js';

/** Says what is wrong with one field of a body, every fault of it; none where it is fine. */
export interface BodyCheck {
  faults(value: unknown, path: string): ErrorDetail[];
}

const VERBATIM = Symbol('verbatim');

/**
 * Marks a body field that is not an envelope: it reaches the DTO as `RawJson`, with the caller's own text, after
 * `check`, a provider of any module, found nothing wrong with it.
 */
export function Verbatim(check: Type<BodyCheck>): PropertyDecorator {
  return (target, property) => {
    const fields = new Map(verbatimFields(target.constructor));
    Reflect.defineMetadata(VERBATIM, fields.set(property as string, check), target.constructor);
    Allow()(target, property);
  };
}

/** The verbatim fields of a DTO class and their checks. */
export function verbatimFields(dto: object): ReadonlyMap<string, Type<BodyCheck>> {
  return (Reflect.getMetadata(VERBATIM, dto) as Map<string, Type<BodyCheck>> | undefined) ?? new Map();
}
