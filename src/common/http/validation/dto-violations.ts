import { addViolations } from '../../errors/violations.js';
import { hasCrossFieldValidation } from './cross-field-validation.js';
import type { BoundDto } from './dto-binding.js';
import type { DtoDefinition } from './dto-definition.js';
import { rejectRequest } from './reject-request.js';

/** Adds the violations of class-validator's rules and of the rules between fields. */
export function withDtoViolations({ dto, violations }: BoundDto, definition: DtoDefinition): BoundDto {
  addViolations(violations, definition.ruleViolations(dto));
  if (hasCrossFieldValidation(dto)) addViolations(violations, dto.crossFieldViolations());
  return { dto, violations };
}

/** The validated DTO; if there are violations, a promise that is rejected with an `InvalidPayloadError` (400). */
export function dtoOrRejection({ dto, violations }: BoundDto): object | Promise<never> {
  return violations.length ? rejectRequest(violations) : dto;
}
